//! A crate whose documentation trains a recommender.
//!
//! <two-tower-trainer dataset="goodbooks" epochs="2">
//!   <p>After two epochs, the model finds about a fifth of the books that a reader liked among its first 20.</p>
//! </two-tower-trainer>
//!
//! [Another page](other)

/// Another page: [back to the trainer](crate).
pub fn other() {}
