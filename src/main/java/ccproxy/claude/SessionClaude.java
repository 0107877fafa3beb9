package ccproxy.claude;

import ccproxy.observe.Histogram;
import ccproxy.wire.MessagesRequest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;

/// A backend without a memory, given one: conversations by id in the [SessionTable], and on disk
/// where there is a [SessionStore].
final class SessionClaude implements Claude {
    private final Claude inner;
    private final ClaudeSettings settings;
    private final boolean isPerClient;
    private final Histogram waits = new Histogram();
    private final Shelf shelf;

    /// Where the sessions of one backend are.
    ///
    /// @param backend its name
    /// @param store where they are kept over a restart
    record Shelf(SessionTable table, String backend, Optional<SessionStore> store) {}

    /// @param isPerClient whether clients are told apart by their credentials
    SessionClaude(Claude inner, ClaudeSettings settings, boolean isPerClient, Shelf shelf) {
        this.inner = inner;
        this.settings = settings;
        this.isPerClient = isPerClient;
        this.shelf = shelf;
    }

    @Override
    public EventStream ask(Turn turn) {
        if (turn.sessionId().isEmpty()) return inner.ask(turn);
        Session.Key key = key(turn.sessionId(), turn.headers());
        Session session = shelf.table().open(key, settings.sessionIdleTtl(), shelf.store());
        return new SessionStream(this, session, turn, settings.sessionBusyWait());
    }

    private Session.Key key(String id, ClientHeaders headers) {
        if (!headers.owner().isEmpty())
            return Session.Key.named(shelf.backend(), headers.owner(), id);
        return new Session.Key(shelf.backend(), isPerClient ? headers.fingerprint() : "", id);
    }

    /// Remembers a turn of a session.
    void remember(Session session, MessagesRequest asked, ArrayNode answer) {
        shelf.table().remember(session, asked, answer, shelf.store());
    }

    /// {@return how long turns waited for their session}
    Histogram waits() {
        return waits;
    }

    Claude inner() {
        return inner;
    }

    long requestBytesMax() {
        return settings.requestBytesMax();
    }

    @Override
    public Map<String, String> notes(Turn turn) {
        return inner.notes(turn);
    }

    @Override
    public EventStream countTokens(Turn turn) {
        return inner.countTokens(turn);
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        return inner.models(id, headers);
    }

    @Override
    public List<SessionInfo> sessions(ClientHeaders headers) {
        return shown(headers).map(Session::info).toList();
    }

    /// The sessions that a request may see and stop, though not read: its owner's, or all when it
    /// comes from who runs the server: with the key that has no name of its own or, where clients
    /// bring their own credentials, with none.
    private Stream<Session> shown(ClientHeaders headers) {
        boolean isStranger = isPerClient && !headers.credentials().isEmpty();
        boolean isOperator = headers.owner().isEmpty() && !isStranger;
        String owner = key("", headers).owner();
        return shelf.table().of(shelf.backend(), settings.sessionIdleTtl()).stream()
                .filter(session -> isOperator || session.key().owner().equals(owner));
    }

    private List<Session> named(String id, ClientHeaders headers) {
        return shown(headers).filter(session -> session.key().id().equals(id)).toList();
    }

    @Override
    public boolean closeSession(String id, ClientHeaders headers) {
        List<Session> ended = named(id, headers);
        shelf.table().removeAll(ended);
        ended.forEach(Session::delete);
        var keys = new LinkedHashSet<Session.Key>();
        keys.add(key(id, headers));
        ended.forEach(session -> keys.add(session.key()));
        Optional<SessionStore> store = shelf.store();
        boolean wasKept = false;
        for (Session.Key key : keys) {
            inner.closeSession(id, headers.ownedBy(key.name()));
            wasKept |= store.isPresent() && store.get().delete(key);
        }
        return wasKept || !ended.isEmpty();
    }

    @Override
    public List<SessionInfo> interruptSession(String id, ClientHeaders headers) {
        List<Session> stopped = named(id, headers);
        List<SessionInfo> before = stopped.stream().map(Session::info).toList();
        stopped.forEach(Session::interrupt);
        return before;
    }

    @Override
    public void close() {
        inner.close();
    }
}
