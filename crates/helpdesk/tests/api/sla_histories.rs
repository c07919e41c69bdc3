//! Whatever happens to tickets, the clocks that are stored are those that the timeline makes.
