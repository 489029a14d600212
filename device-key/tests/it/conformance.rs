//! Our own implementation of the port.

use threadkeep_device_key::in_memory::InMemoryBindings;

threadkeep_device_key::conformance_tests!(async { (InMemoryBindings::default(), ()) });
