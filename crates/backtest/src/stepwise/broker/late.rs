//! Orders on their way: everything that a script says reaches its broker some bars later, with the prices and sizes that it
//! named. What the script reads of its account stays up to date, so it goes on asking until its order has arrived and filled.

use std::collections::VecDeque;

use super::{Broker, Command, TooManyOrders};

/// The way from a script to its broker.
#[derive(Clone, Debug)]
pub(crate) struct Late {
    by: usize,
    waiting: VecDeque<(usize, Command)>,
}

impl Late {
    /// A way of `by` bars; 0 for none.
    pub fn new(by: usize) -> Late {
        Late { by, waiting: VecDeque::new() }
    }

    /// At the close of bar `t`, before the script speaks: hands over what has arrived.
    pub fn arrive(&mut self, t: usize, broker: &mut Broker) -> Result<(), TooManyOrders> {
        while let Some((_, command)) = self.waiting.pop_front_if(|(sent, _)| *sent + self.by <= t) {
            broker.obey(command)?;
        }
        Ok(())
    }

    /// The script speaks at the close of bar `t`.
    pub fn send(&mut self, t: usize, command: Command, broker: &mut Broker) -> Result<(), TooManyOrders> {
        if self.by == 0 {
            return broker.obey(command);
        }
        self.waiting.push_back((t, command));
        Ok(())
    }
}
