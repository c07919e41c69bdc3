//! What a ticket is about. Tickets have one, agents are specialised in some.

kamhub_kernel::wire_enum! {
    /// What a ticket is about (contract, section 2).
    pub enum Category {
        /// Invoices and payments.
        Billing = "billing",
        /// Something does not work.
        Technical = "technical",
        /// Making or changing a booking.
        Booking = "booking",
        /// Giving a booking back.
        Cancellation = "cancellation",
        /// Money back.
        Refund = "refund",
        /// Praise and blame.
        Feedback = "feedback",
        /// A fault of the platform.
        BugReport = "bug_report",
        /// A wish for the platform.
        FeatureRequest = "feature_request",
        /// Anything else.
        Other = "other",
    }
}
