//! A crate whose documentation trains a recommender.
//!
//! <two-tower-trainer dataset="goodbooks" epochs="2">
//!   <p>After two epochs, the first 20 recommendations contain about a tenth of the books that a reader likes.</p>
//! </two-tower-trainer>
//!
//! [Another page](other)

/// Another page: [back to the trainer](crate).
pub fn other() {}
