//! The ends of calls that filters made.

use super::{Drive, Exchange};
use crate::abi::Direction;
use crate::host::Place;
use crate::world::upstream::Delivery;

impl Drive<'_> {
    /// A call is answered, or will not be.
    pub(super) fn call_ends(
        &mut self,
        place: Place,
        generation: u64,
        token: u32,
        delivery: Delivery,
    ) {
        let Some(slot) = self.worker.slots.get_mut(&place.slot) else { return };
        if slot.generation() != generation || !slot.is_alive() {
            return;
        }
        let host = slot.vm.host();
        let Some(owner) = host.calls.remove(&token) else { return };
        let exchange = host.streams.get(&owner).map(|stream| stream.exchange);
        match exchange.and_then(|id| self.worker.exchanges.remove(&id).map(|found| (id, found))) {
            Some((id, mut exchange)) => {
                self.deliver(&mut exchange, place, owner, token, delivery);
                self.run(&mut exchange, id);
                self.worker.exchanges.insert(id, exchange);
            }
            None => {
                let Some(vm) = self.worker.vm(place.slot) else { return };
                let end = vm.on_http_call_response(self.lent, token, (place.root, owner), delivery);
                self.checked(place.slot, end);
            }
        }
    }

    /// Tells the guest, on the account of the exchange that the call was made for.
    fn deliver(
        &mut self,
        exchange: &mut Exchange,
        place: Place,
        owner: u32,
        token: u32,
        delivery: Delivery,
    ) {
        let rules = self.worker.blueprint.profile.calls.clone();
        let Some(leg) = exchange.leg_of(place.slot, owner) else { return };
        if !(delivery.failed && rules.failure_skips_callback) {
            self.swap(exchange, leg);
            let end = match self.worker.vm(place.slot) {
                Some(vm) => {
                    vm.on_http_call_response(self.lent, token, (place.root, owner), delivery)
                }
                None => Ok(()),
            };
            self.swap(exchange, leg);
            if let Err(failure) = end {
                self.fail(exchange, leg, &failure);
                return;
            }
        }
        let host = self.worker.host(place.slot);
        let outstanding = host.is_some_and(|host| host.calls.values().any(|call| *call == owner));
        if rules.resume_after_last
            && !outstanding
            && let Some(stream) = self.stream(exchange, leg)
            && stream.local.is_none()
            && !stream.closed_by_guest
        {
            let direction = if stream.going_up { Direction::Request } else { Direction::Response };
            stream.half(direction).resume();
        }
    }
}
