//! Tests that count allocations. Their allocator is their own: the other tests need none.

mod memory;
mod steps;
