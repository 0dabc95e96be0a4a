//! What things cost, in units of their resource. Worst cases: what is not used is given back when it is proven.

/// A publish with so many retries: QStash bills every delivery attempt, retries included.
pub const fn publish(retries: u32) -> u64 {
    1 + retries as u64
}

/// One page fetched, or one hop of a redirect.
pub const fn web_request() -> u64 {
    1
}

/// One concept admitted.
pub const fn concept() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_is_charged_for_its_first_attempt_and_every_retry() {
        assert_eq!([0, 3, 5].map(publish), [1, 4, 6]);
        assert_eq!(publish(u32::MAX), 4_294_967_296);
    }
}
