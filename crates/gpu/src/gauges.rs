//! What NVIDIA's driver says of its cards: load, memory, temperature, power. Its library is looked for at run time; where there
//! is none, or the card is another's, there are no figures.

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;

/// One card, now. A figure that the card does not give is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauges {
    /// As its maker calls it.
    pub name: String,
    /// Share of the last sampling period in which a kernel ran, in percent.
    pub load_percent: Option<u32>,
    /// Memory in use, in bytes.
    pub memory_used: Option<u64>,
    /// All memory, in bytes.
    pub memory_total: Option<u64>,
    /// Degrees Celsius.
    pub temperature: Option<u32>,
    /// Watts.
    pub power: Option<f64>,
}

/// All NVIDIA cards of this machine; none where their library is not installed.
pub fn gauges() -> Vec<Gauges> {
    let Ok(nvml) = Nvml::init() else { return Vec::new() };
    (0..nvml.device_count().unwrap_or(0))
        .filter_map(|index| {
            let card = nvml.device_by_index(index).ok()?;
            let memory = card.memory_info().ok();
            Some(Gauges {
                name: card.name().ok()?,
                load_percent: card.utilization_rates().ok().map(|rates| rates.gpu),
                memory_used: memory.as_ref().map(|m| m.used),
                memory_total: memory.as_ref().map(|m| m.total),
                temperature: card.temperature(TemperatureSensor::Gpu).ok(),
                power: card.power_usage().ok().map(|milliwatts| f64::from(milliwatts) / 1_000.0),
            })
        })
        .collect()
}
