//! A crate whose documentation trains a recommender.
//!
//! <two-tower-trainer dataset="goodbooks" epochs="2">
//!   <p>After two epochs, the first 20 books of a list hold about a tenth of those that its reader likes.</p>
//! </two-tower-trainer>
//!
//! [Another page](other)

/// Another page: [back to the trainer](crate).
pub fn other() {}
