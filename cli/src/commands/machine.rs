//! The process's surroundings, for the doctor.

use threadkeep_doctor::Machine;

use crate::output::Screen;

/// Reads the surroundings of this process and its terminal.
pub(super) fn machine(screen: &Screen) -> Machine {
    let size = terminal_size::terminal_size().map(|(width, height)| (width.0, height.0));
    Machine { size, has_color: screen.has_color(), ..Machine::this() }
}
