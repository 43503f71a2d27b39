//! The device of a thread: its first run opens it, later runs share it, and the last one destroys
//! it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::error::{Error, Result};

thread_local! {
    /// The open device. Runs keep it open.
    static OPEN: RefCell<Weak<Device>> = RefCell::default();
    /// Tasks that wait for their [`Turn`], while another task has it.
    static WAITING: RefCell<Option<Vec<Waker>>> = RefCell::default();
}

/// An open device.
#[derive(Debug)]
pub struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) adapter: Identity,
    fault: Arc<Mutex<Option<Error>>>,
}

/// Identifies an adapter: a browser returns a new object for each request.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    name: String,
    vendor: u32,
    device: u32,
    kind: wgpu::DeviceType,
    /// Number of bytes of the largest buffer, and of the largest storage binding.
    longest: [u64; 2],
}

/// The right to open a device or to measure on it. Runs that are created at the same time get it
/// one after another.
#[derive(Debug)]
pub struct Turn(());

impl Device {
    /// Returns the thread's device if it works and belongs to this adapter; otherwise opens one.
    /// Its bindings may be as large as the adapter allows, so that later runs of any size can use
    /// it.
    pub(super) async fn shared(_turn: &Turn, adapter: &wgpu::Adapter) -> Result<Rc<Self>> {
        let identity = Identity::of(adapter);
        let open = OPEN.with_borrow(Weak::upgrade);
        if let Some(open) = open.filter(|open| open.adapter == identity && open.check().is_ok()) {
            return Ok(open);
        }
        let opened = Rc::new(Self::open(adapter, identity).await?);
        OPEN.set(Rc::downgrade(&opened));
        Ok(opened)
    }

    async fn open(adapter: &wgpu::Adapter, identity: Identity) -> Result<Self> {
        let mut limits = wgpu::Limits::defaults();
        [limits.max_buffer_size, limits.max_storage_buffer_binding_size] = identity.longest;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("twotower"),
            required_limits: limits,
            // Needed for profiles.
            required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| Error::DeviceRefused { reason: error.to_string() })?;

        let fault = Arc::new(Mutex::new(None));
        let lost = Arc::clone(&fault);
        device.set_device_lost_callback(move |_, reason| {
            note(&lost, Error::DeviceLost { reason });
        });
        let uncaptured = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            note(&uncaptured, Error::Gpu { message: error.to_string() });
        }));
        Ok(Self { device, queue, adapter: identity, fault })
    }

    /// Records that a call found the device lost, which the device may report only later. Returns the
    /// device's first fault.
    pub(super) fn lost(&self, reason: String) -> Error {
        note(&self.fault, Error::DeviceLost { reason: reason.clone() });
        self.check().err().unwrap_or(Error::DeviceLost { reason })
    }

    /// Returns the first error that the device reported outside of a call. This error ends all runs
    /// on the device.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.fault.lock().expect("no code panics while it holds the fault") {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

/// Destroys the device at once: browsers keep it until garbage collection.
impl Drop for Device {
    fn drop(&mut self) {
        self.device.destroy();
    }
}

/// Keeps the first fault; later ones are usually its consequences.
fn note(fault: &Mutex<Option<Error>>, error: Error) {
    fault.lock().expect("no code panics while it holds the fault").get_or_insert(error);
}

impl Identity {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let wgpu::AdapterInfo { name, vendor, device, device_type: kind, .. } = adapter.get_info();
        let limits = adapter.limits();
        let longest = [limits.max_buffer_size, limits.max_storage_buffer_binding_size];
        Self { name, vendor, device, kind, longest }
    }
}

impl Turn {
    /// Waits until no other task has it.
    pub(super) async fn take() -> Self {
        poll_fn(|context| {
            WAITING.with_borrow_mut(|waiting| match waiting {
                Some(waiting) => {
                    waiting.push(context.waker().clone());
                    Poll::Pending
                }
                None => {
                    *waiting = Some(Vec::new());
                    Poll::Ready(Self(()))
                }
            })
        })
        .await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        WAITING.take().into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::note;
    use crate::config::Config;
    use crate::error::Error;
    use crate::executor::gpu::{Executor, Gpu};
    use crate::plan::{Bags, Buffer, Extent, Plan, Variant};

    const TABLE: Buffer = Buffer(0);

    fn plan(dim: usize) -> Plan {
        let config = Config::resolve(&serde_json::json!({ "dim": dim })).expect("valid options");
        let extent = Extent {
            users: 20,
            items: 30,
            pairs: 300,
            hidden: 0,
            evaluated: 0,
            keeps_best: false,
            shuffled: true,
            bags: Bags::default(),
        };
        Plan::new(&config, &extent)
    }

    async fn create(plan: &Plan) -> Result<Executor, Error> {
        Executor::new(&Gpu::adapter().await?, plan, Some(Variant::Wide)).await
    }

    fn executor(dim: usize) -> Executor {
        block_on(create(&plan(dim))).expect("the tests need a WebGPU adapter")
    }

    fn words(executor: &mut Executor) -> Vec<u32> {
        block_on(executor.read_later(TABLE, 0..4).finish()).expect("a readback")
    }

    /// Returns the device's address: devices of two instances of wgpu may compare as equal.
    fn place(executor: &Executor) -> usize {
        std::ptr::from_ref(&*executor.gpu).addr()
    }

    /// Returns whether commands on a buffer are rejected.
    fn is_destroyed(device: &wgpu::Device, queue: &wgpu::Queue, buffer: &wgpu::Buffer) -> bool {
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let mut commands = device.create_command_encoder(&Default::default());
        commands.clear_buffer(buffer, 0, None);
        queue.submit([commands.finish()]);
        block_on(scope.pop()).is_some()
    }

    #[test]
    fn runs_of_a_thread_share_a_device_and_leave_it_one_by_one() {
        let (first, mut second) = (executor(8), executor(16));
        let (device, queue) = (first.gpu.device.clone(), first.gpu.queue.clone());
        assert_eq!(place(&first), place(&second));
        let elsewhere = std::thread::spawn(|| place(&executor(8)));
        assert_ne!(place(&first), elsewhere.join().expect("an executor"));

        let buffer = first.buffers[0].part(0).clone();
        assert!(!is_destroyed(&device, &queue, &buffer));
        drop(first);
        assert!(is_destroyed(&device, &queue, &buffer), "a run destroys its buffers");
        second.write(TABLE, 0, &[1, 2, 3, 4]);
        assert_eq!(words(&mut second), [1, 2, 3, 4]);

        let fault = second.gpu.fault.clone();
        drop(second);
        device.poll(wgpu::PollType::Poll).ok();
        let fault = fault.lock().expect("a fault").clone();
        assert!(matches!(fault, Some(Error::DeviceLost { .. })), "{fault:?}");
        assert_eq!(words(&mut executor(8)), [0; 4]);
    }

    #[test]
    fn runs_that_are_made_at_the_same_time_share_a_device() {
        let (one, other) = (plan(8), plan(16));
        let mut both = [Box::pin(create(&one)), Box::pin(create(&other))];
        let mut made: [Option<Executor>; 2] = [None, None];
        block_on(std::future::poll_fn(|context| {
            for (future, made) in both.iter_mut().zip(&mut made) {
                if made.is_none()
                    && let std::task::Poll::Ready(result) = future.as_mut().poll(context)
                {
                    *made = Some(result.expect("an executor"));
                }
            }
            match made.iter().all(Option::is_some) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        }));
        let [Some(one), Some(other)] = made else { panic!("both were made") };
        assert_eq!(place(&one), place(&other));
    }

    #[test]
    fn a_device_with_a_fault_is_not_shared() {
        let faulty = executor(8);
        note(&faulty.gpu.fault, Error::Gpu { message: "made up".into() });
        let mut later = executor(8);
        assert_ne!(place(&faulty), place(&later));
        drop(faulty);
        assert_eq!(words(&mut later), [0; 4]);
        assert_eq!(place(&later), place(&executor(8)));
    }

    #[test]
    fn a_run_that_cannot_be_made_leaves_no_device_and_harms_no_other() {
        let broken = || {
            let mut plan = plan(8);
            // Too short for a step's record.
            let steps = plan.buffers.iter().position(|spec| spec.name == "steps");
            plan.buffers[steps.expect("a buffer of steps")].words = 4;
            plan
        };
        assert!(matches!(block_on(create(&broken())), Err(Error::Gpu { .. })));
        assert!(super::OPEN.with_borrow(|open| open.upgrade().is_none()));
        let mut other = executor(8);
        assert!(matches!(block_on(create(&broken())), Err(Error::Gpu { .. })));
        assert_eq!(words(&mut other), [0; 4]);
        assert_eq!(place(&other), place(&executor(8)));
    }
}
