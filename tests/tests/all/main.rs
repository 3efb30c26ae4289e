//! One binary for what needs the whole house.

mod architecture;
