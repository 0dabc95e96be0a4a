//! A small calibration from end to end: markets are made and judged, recorded, taken up again and counted.

mod calibrating;
mod markets;
