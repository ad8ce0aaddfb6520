//! One worker thread of the proxy: its VMs, the chain of filters that runs in them, and what becomes
//! of a VM that fails.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::artifact::Artifact;
use crate::error::{Failure, StartError};
use crate::exchange::Exchange;
use crate::host::{Host, Root, Shared};
use crate::plugin::Plugin;
use crate::profile::{Profile, VmSharing};
use crate::vm::{Budget, Setup, Vm};
use crate::world::random::Random;

/// What every VM of a world is made with.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    pub(crate) profile: Arc<Profile>,
    pub(crate) seed: u64,
    pub(crate) recording: bool,
    pub(crate) budget: Budget,
}

impl Blueprint {
    pub(crate) fn setup(
        &self,
        shared: &mut Shared,
        worker: usize,
        slot: u32,
        canary: bool,
    ) -> Setup {
        shared.vms_made += 1;
        Setup {
            profile: Arc::clone(&self.profile),
            worker,
            slot,
            generation: 0,
            canary,
            random: Random::for_vm(self.seed, shared.vms_made),
            recording: self.recording,
            budget: self.budget,
        }
    }
}

/// A VM with what is needed to make it anew.
pub(crate) struct Slot {
    artifact: Artifact,
    setup: Setup,
    pub(crate) vm: Vm,
    /// Since when it is down, under a failure policy.
    pub(crate) failed: Option<(Duration, Failure)>,
    /// It trapped, and the next use makes a fresh instance.
    pub(crate) spoiled: Option<Failure>,
    /// Only one exchange uses it.
    private: bool,
}

impl Slot {
    pub(crate) fn generation(&self) -> u64 {
        self.setup.generation
    }

    /// Whether its guest can be called.
    pub(crate) fn is_alive(&self) -> bool {
        self.failed.is_none() && self.spoiled.is_none()
    }
}

/// One filter of a chain: a plugin context in a VM.
#[derive(Clone)]
pub(crate) struct Filter {
    pub(crate) artifact: Artifact,
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) slot: u32,
    pub(crate) root: u32,
}

pub(crate) type Chain = Arc<[Filter]>;

pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) blueprint: Blueprint,
    pub(crate) slots: BTreeMap<u32, Slot>,
    pub(crate) chain: Chain,
    pub(crate) exchanges: BTreeMap<u32, Exchange>,
    /// Exchanges that something moved and that did not run since.
    pub(crate) stirred: Vec<u32>,
    pub(crate) next_exchange: u32,
    next_slot: u32,
    /// How often a VM was made anew.
    pub(crate) reloads: u64,
    /// It takes no new requests and ends with its last plugin context.
    pub(crate) leaving: bool,
    /// The proxy has ended the thread.
    pub(crate) stopped: bool,
}

impl Worker {
    pub(crate) fn new(index: usize, blueprint: Blueprint) -> Self {
        Self {
            index,
            blueprint,
            slots: BTreeMap::new(),
            chain: Arc::from([]),
            exchanges: BTreeMap::new(),
            stirred: Vec::new(),
            next_exchange: 1,
            next_slot: 1,
            reloads: 0,
            leaving: false,
            stopped: false,
        }
    }

    pub(crate) fn vm(&mut self, slot: u32) -> Option<&mut Vm> {
        self.slots.get_mut(&slot).map(|slot| &mut slot.vm)
    }

    pub(crate) fn host(&mut self, slot: u32) -> Option<&mut Host> {
        self.vm(slot).map(Vm::host)
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.slots.values().find_map(|slot| {
            slot.failed.as_ref().map(|(_, failure)| failure).or(slot.spoiled.as_ref())
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.values().map(|slot| slot.vm.memory_bytes()).sum()
    }

    pub(crate) fn open_streams(&self) -> usize {
        self.slots.values().map(|slot| slot.vm.open_streams()).sum()
    }

    /// Starts a chain beside the one that runs; nothing of it stays when one of its plugins does not
    /// start.
    pub(crate) fn start_chain(
        &mut self,
        lent: &mut Box<Shared>,
        chain: &[(Artifact, Arc<Plugin>)],
    ) -> Result<Chain, StartError> {
        let mut filters: Vec<Filter> = Vec::with_capacity(chain.len());
        for (place, (artifact, plugin)) in chain.iter().enumerate() {
            match self.start_filter(lent, place, artifact, plugin) {
                Ok(filter) => filters.push(filter),
                Err(error) => {
                    for Filter { slot, root, .. } in filters {
                        if let Some(vm) = self.vm(slot) {
                            vm.forget_root(root);
                        }
                    }
                    self.drop_empty_slots();
                    return Err(error);
                }
            }
        }
        Ok(filters.into())
    }

    fn start_filter(
        &mut self,
        lent: &mut Box<Shared>,
        place: usize,
        artifact: &Artifact,
        plugin: &Arc<Plugin>,
    ) -> Result<Filter, StartError> {
        let slot = match self.slot_for(artifact, plugin) {
            Some(slot) => slot,
            None => self.new_slot(lent, artifact, false)?,
        };
        let root = Root { plugin: Arc::clone(plugin), filter: place, timers: BTreeMap::new() };
        let Some(vm) = self.vm(slot) else {
            return Err(StartError::Instantiation { reason: "its VM is gone".to_owned() });
        };
        let context = vm.number();
        let started = vm.start_root(lent, context, root, true);
        if let Err(error) = started {
            vm.forget_root(context);
            self.drop_empty_slots();
            return Err(error);
        }
        Ok(Filter { artifact: artifact.clone(), plugin: Arc::clone(plugin), slot, root: context })
    }

    /// A running VM that this plugin may live in.
    fn slot_for(&mut self, artifact: &Artifact, plugin: &Plugin) -> Option<u32> {
        let sharing = self.blueprint.profile.start.vm_sharing;
        let fits = |slot: &mut Slot| {
            if slot.private || !slot.is_alive() || !slot.artifact.is_same_module(artifact) {
                return false;
            }
            sharing == VmSharing::ByModule
                || slot.vm.host().roots.values().all(|root| {
                    root.plugin.vm_id == plugin.vm_id
                        && root.plugin.vm_configuration == plugin.vm_configuration
                })
        };
        self.slots.iter_mut().find_map(|(number, slot)| fits(slot).then_some(*number))
    }

    fn new_slot(
        &mut self,
        lent: &mut Box<Shared>,
        artifact: &Artifact,
        private: bool,
    ) -> Result<u32, StartError> {
        let number = self.next_slot;
        let setup = self.blueprint.setup(lent, self.index, number, false);
        let mut vm = Vm::new(artifact, setup.clone())?;
        vm.initialize(lent)?;
        self.next_slot += 1;
        let artifact = artifact.clone();
        let slot = Slot { artifact, setup, vm, failed: None, spoiled: None, private };
        self.slots.insert(number, slot);
        Ok(number)
    }

    /// An instance of a filter's module for one exchange alone, with the plugin context in it.
    pub(crate) fn private_slot(
        &mut self,
        lent: &mut Box<Shared>,
        filters: &[(usize, &Filter)],
    ) -> Result<u32, StartError> {
        let Some((_, first)) = filters.first() else {
            return Err(StartError::Instantiation { reason: "a VM without a plugin".to_owned() });
        };
        let number = self.new_slot(lent, &first.artifact, true)?;
        for (place, filter) in filters {
            let plugin = Arc::clone(&filter.plugin);
            let root = Root { plugin, filter: *place, timers: BTreeMap::new() };
            if let Some(vm) = self.vm(number) {
                vm.start_root(lent, filter.root, root, false)?;
                // Timers belong to the shared instance.
                if let Some(root) = vm.host().roots.get_mut(&filter.root) {
                    root.timers.clear();
                }
            }
        }
        Ok(number)
    }

    pub(crate) fn drop_slot_if_private(&mut self, slot: u32) {
        if self.slots.get(&slot).is_some_and(|slot| slot.private) {
            self.slots.remove(&slot);
        }
    }

    fn drop_empty_slots(&mut self) {
        self.slots.retain(|_, slot| {
            slot.private || !slot.vm.host().roots.is_empty() || slot.vm.open_streams() > 0
        });
    }

    /// Ends the plugin contexts of a chain that no exchange uses any more.
    pub(crate) fn retire(&mut self, lent: &mut Box<Shared>, chain: &Chain) {
        let current = Arc::ptr_eq(chain, &self.chain);
        let used = self.exchanges.values().any(|exchange| Arc::ptr_eq(&exchange.chain, chain));
        if current || used {
            return;
        }
        for filter in chain.iter() {
            let Some(slot) = self.slots.get_mut(&filter.slot) else { continue };
            if slot.is_alive() && slot.vm.host().roots.contains_key(&filter.root) {
                // Whatever it still does has nobody left to hurt.
                let _ = slot.vm.begin_end(lent, filter.root);
            } else {
                slot.vm.forget_root(filter.root);
            }
        }
        self.drop_empty_slots();
        self.stop_if_empty();
    }

    /// Lets go of the chain: the worker is over when the last plugin context is.
    pub(crate) fn shut_down(&mut self, lent: &mut Box<Shared>) {
        self.leaving = true;
        let chain = core::mem::replace(&mut self.chain, Arc::from([]));
        self.retire(lent, &chain);
    }

    /// Deletes the plugin contexts whose guest has let go of them.
    pub(crate) fn delete_released(&mut self, lent: &mut Box<Shared>) {
        let mut deleted = false;
        for slot in self.slots.values_mut() {
            let leaving = &slot.vm.host().leaving;
            let released = leaving.iter().filter(|(_, released)| **released);
            let released: Vec<u32> = released.map(|(root, _)| *root).collect();
            for root in released {
                if slot.is_alive() {
                    // Whatever it still does has nobody left to hurt.
                    let _ = slot.vm.end_root(lent, root);
                } else {
                    slot.vm.forget_root(root);
                }
                deleted = true;
            }
        }
        if deleted {
            self.drop_empty_slots();
            self.stop_if_empty();
        }
    }

    fn stop_if_empty(&mut self) {
        let empty = |slot: &mut Slot| slot.vm.host().roots.is_empty();
        self.stopped |= self.leaving && self.slots.values_mut().all(empty);
    }

    /// Makes a VM anew, with all its plugins and with the streams that were in it. On failure it
    /// stays as it is.
    pub(crate) fn revive(
        &mut self,
        lent: &mut Box<Shared>,
        slot: u32,
        vm_start: bool,
    ) -> Result<(), StartError> {
        let keeps_timers = self.blueprint.profile.failures.keeps_timers;
        let Some(slot) = self.slots.get_mut(&slot) else { return Ok(()) };
        let setup = Setup {
            generation: slot.setup.generation + 1,
            random: slot.setup.random.successor(),
            ..slot.setup.clone()
        };
        slot.setup = setup.clone();
        self.reloads += 1;
        let mut vm = Vm::new(&slot.artifact, setup)?;
        vm.initialize(lent)?;
        let roots = slot.vm.host().roots.clone();
        for (context, root) in roots {
            let timers = if keeps_timers { root.timers.clone() } else { BTreeMap::new() };
            vm.start_root(lent, context, Root { timers: BTreeMap::new(), ..root }, vm_start)?;
            if let Some(root) = vm.host().roots.get_mut(&context) {
                root.timers.extend(timers);
            }
        }
        vm.inherit(slot.vm.host());
        slot.vm = vm;
        slot.failed = None;
        slot.spoiled = None;
        Ok(())
    }
}

impl Vm {
    /// Takes over what outlives a VM: its open streams and the numbering of contexts.
    fn inherit(&mut self, old: &mut Host) {
        let streams = core::mem::take(&mut old.streams);
        let next_context = old.next_context;
        let host = self.host();
        host.next_context = host.next_context.max(next_context);
        host.streams = streams;
    }
}
