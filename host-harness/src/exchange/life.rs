//! What happens to a plugin rather than to a stream: gRPC arrivals, foreign calls, and its end.

use super::{Drive, Exchange};
use crate::error::Failure;
use crate::host::Place;
use crate::ledger::GrpcCallout;
use crate::world::grpc::{GrpcDelivery, GrpcKind};

impl Drive<'_> {
    /// Something arrives for a gRPC call. An orphan is the end of one that never started.
    pub(super) fn grpc_arrives(
        &mut self,
        place: Place,
        generation: u64,
        (token, orphan_of): (u32, Option<u32>),
        delivery: GrpcDelivery,
    ) {
        let with_message = self.worker.blueprint.profile.grpc.call_ends_with_message;
        let Some(slot) = self.worker.slots.get_mut(&place.slot) else { return };
        if slot.generation() != generation || !slot.is_alive() {
            return;
        }
        let host = slot.vm.host();
        let owner = orphan_of.or_else(|| host.grpc.receive(token, &delivery, with_message));
        let Some(owner) = owner else { return };
        let exchange = host.streams.get(&owner).map(|stream| stream.exchange);
        match exchange.and_then(|id| self.worker.exchanges.remove(&id).map(|found| (id, found))) {
            Some((id, mut exchange)) => {
                self.deliver_grpc(&mut exchange, place, owner, token, delivery);
                self.run(&mut exchange, id);
                self.worker.exchanges.insert(id, exchange);
            }
            None => {
                if let Some(journal) = self.lent.journals.get_mut(&self.worker.index) {
                    note(&mut journal.background.grpc_callouts, token, &delivery, with_message);
                }
                let Some(vm) = self.worker.vm(place.slot) else { return };
                let end = vm.on_grpc(self.lent, token, (place.root, owner), delivery);
                self.checked(place.slot, end);
            }
        }
    }

    /// Tells the guest, on the account of the exchange that the call was made for.
    fn deliver_grpc(
        &mut self,
        exchange: &mut Exchange,
        place: Place,
        owner: u32,
        token: u32,
        delivery: GrpcDelivery,
    ) {
        let with_message = self.worker.blueprint.profile.grpc.call_ends_with_message;
        let Some(leg) = exchange.leg_of(place.slot, owner) else { return };
        note(&mut exchange.ledger.grpc_callouts, token, &delivery, with_message);
        self.swap(exchange, leg);
        let end = match self.worker.vm(place.slot) {
            Some(vm) => vm.on_grpc(self.lent, token, (place.root, owner), delivery),
            None => Ok(()),
        };
        self.swap(exchange, leg);
        if let Err(failure) = end {
            self.fail(exchange, leg, &failure);
        }
    }

    /// Calls the first plugin of the chain.
    pub(crate) fn call_foreign_callback(
        &mut self,
        function: u32,
        arguments: Vec<u8>,
    ) -> Result<(), Failure> {
        if let Some(failure) = self.worker.failure() {
            return Err(failure.clone());
        }
        let Some(filter) = self.worker.chain.first().cloned() else {
            return Err(Failure::no_such_worker());
        };
        let end = match self.worker.vm(filter.slot) {
            Some(vm) => vm.on_foreign_function(self.lent, filter.root, function, arguments),
            None => Ok(()),
        };
        self.checked(filter.slot, end.clone());
        self.settle();
        end
    }

    /// Begins the end of the worker's plugins; it is over at once unless a guest asks for time.
    pub(crate) fn shut_down(&mut self) {
        self.worker.shut_down(self.lent);
        self.settle();
    }
}

/// Books how a call ended.
fn note(
    callouts: &mut [GrpcCallout],
    token: u32,
    delivery: &GrpcDelivery,
    call_ends_with_message: bool,
) {
    let callout = callouts.iter_mut().rev().find(|callout| callout.token == token);
    let Some(callout) = callout else { return };
    match delivery {
        GrpcDelivery::Close { status, .. } => callout.status = Some(*status),
        GrpcDelivery::Message(_) if call_ends_with_message && callout.kind == GrpcKind::Call => {
            callout.status = Some(0);
        }
        _ => {}
    }
}
