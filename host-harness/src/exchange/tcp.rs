//! TCP connections through the first filter of a chain.

use super::Drive;
use crate::connection::{Connection, ConnectionTranscript, Peer};
use crate::error::Failure;
use crate::vm::{Action, Way};

impl Drive<'_> {
    /// Takes in a connection and runs its first callbacks.
    pub(crate) fn connect(&mut self) -> Option<(u32, u32)> {
        self.reload_what_is_due();
        let filter = self.worker.chain.first().cloned()?;
        if !self.is_usable(filter.slot) {
            return None;
        }
        let runs = self.worker.blueprint.profile.interface.tcp;
        let vm = self.worker.vm(filter.slot)?;
        let context = vm.number();
        vm.host().connections.insert(context, Connection::new(filter.root));
        if runs {
            let end = vm
                .create_context(self.lent, context, filter.root)
                .and_then(|()| vm.on_new_connection(self.lent, context));
            self.connection_checked(filter.slot, context, end);
        }
        self.settle();
        Some((filter.slot, context))
    }

    /// Data arrives on one way of a connection.
    pub(crate) fn data(
        &mut self,
        (slot, context): (u32, u32),
        way: Way,
        bytes: &[u8],
        end_of_stream: bool,
    ) {
        let runs = self.worker.blueprint.profile.interface.tcp;
        let Some(vm) = self.worker.vm(slot) else { return };
        let Some(pipe) = vm.host().pipe(context, way) else { return };
        if pipe.ended {
            return;
        }
        pipe.held.extend_from_slice(bytes);
        pipe.ended = end_of_stream;
        pipe.open = true;
        let size = pipe.held.len();
        if !runs {
            pipe.flush();
            return;
        }
        let end = match vm.on_data(self.lent, way, context, (size, end_of_stream)) {
            Ok(action) => {
                if let Some(pipe) = vm.host().pipe(context, way)
                    && (action == Action::Continue || pipe.resumed)
                {
                    pipe.flush();
                }
                let told = way == Way::Upstream && end_of_stream;
                let closed =
                    told.then(|| vm.on_connection_close(self.lent, way, context, Peer::Unknown));
                closed.unwrap_or(Ok(()))
            }
            Err(failure) => Err(failure),
        };
        self.connection_checked(slot, context, end);
        self.settle();
    }

    /// One side is gone: nothing moves any more.
    pub(crate) fn close_connection(&mut self, (slot, context): (u32, u32), peer: Peer) {
        let runs = self.worker.blueprint.profile.interface.tcp;
        let Some(vm) = self.worker.vm(slot) else { return };
        let connection = vm.host().connections.get_mut(&context);
        let Some(connection) = connection.filter(|connection| !connection.over) else { return };
        connection.over = true;
        if runs {
            let end = vm.on_connection_close(self.lent, Way::Downstream, context, peer);
            self.connection_checked(slot, context, end);
        }
        self.settle();
    }

    /// Runs the last callbacks of a connection, forgets it, and tells its story.
    pub(crate) fn finish_connection(
        &mut self,
        (slot, context): (u32, u32),
    ) -> Option<ConnectionTranscript> {
        self.close_connection((slot, context), Peer::Remote);
        let runs = self.worker.blueprint.profile.interface.tcp;
        let alive = self.worker.slots.get(&slot)?.is_alive();
        let vm = self.worker.vm(slot)?;
        if runs && alive {
            let end = vm.end_context(self.lent, context);
            self.connection_checked(slot, context, end);
        }
        let connection = self.worker.host(slot)?.connections.remove(&context)?;
        Some(connection.tell())
    }

    fn connection_checked(&mut self, slot: u32, context: u32, end: Result<(), Failure>) {
        let Err(failure) = end else { return };
        let host = self.worker.host(slot);
        // A failed VM closes every connection that runs through it.
        for (number, connection) in host.into_iter().flat_map(|host| &mut host.connections) {
            if *number == context || !connection.over {
                connection.failure = Some(failure.clone());
            }
            connection.over = true;
        }
        self.fail_slot(slot, &failure);
    }

    /// Moves the connections that a guest resumed or closed.
    pub(super) fn settle_connections(&mut self) {
        let mut closed = Vec::new();
        for (slot, found) in &mut self.worker.slots {
            for (context, connection) in &mut found.vm.host().connections {
                if connection.over {
                    continue;
                }
                for pipe in connection.pipes.iter_mut().filter(|pipe| pipe.resumed) {
                    pipe.flush();
                }
                if connection.closed_by_guest {
                    closed.push((*slot, *context));
                }
            }
        }
        for id in closed {
            self.close_connection(id, Peer::Local);
        }
    }

    /// Whether a connection still moves.
    pub(crate) fn is_connected(&mut self, (slot, context): (u32, u32)) -> bool {
        let host = self.worker.host(slot);
        let connection = host.and_then(|host| host.connections.get(&context));
        connection.is_some_and(|connection| !connection.over)
    }
}
