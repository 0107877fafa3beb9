package ccproxy.claude;

import ccproxy.wire.MessagesRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;

/// A backend without a memory, given one: conversations by id, in this process's memory, bounded in
/// number, bytes and idle time, and on disk where there is a [SessionStore]. The least recently
/// used idle one goes first; a busy one never.
final class SessionClaude implements Claude {
    /// Enough for every client of one machine; a thousand chats at once is a leak of ids.
    static final int SESSIONS_MAX = 1000;

    private static final long BYTES_MAX = Runtime.getRuntime().maxMemory() / 4;

    private final Claude inner;
    private final ClaudeSettings settings;
    private final Clock clock;
    private final boolean isPerClient;
    private final long bytesMax;
    private final int sessionsMax;
    private final Optional<SessionStore> store;
    private final Map<Session.Key, Session> sessions = new LinkedHashMap<>();

    /// @param isPerClient whether clients are told apart by their credentials
    SessionClaude(Claude inner, ClaudeSettings settings, Clock clock, boolean isPerClient) {
        this(inner, settings, clock, isPerClient, SESSIONS_MAX, BYTES_MAX, Optional.empty());
    }

    /// {@return a backend whose sessions outlive the server}
    static SessionClaude kept(Claude inner, ClaudeSettings settings, SessionStore store) {
        Clock clock = Clock.systemUTC();
        return new SessionClaude(
                inner, settings, clock, false, SESSIONS_MAX, BYTES_MAX, Optional.of(store));
    }

    SessionClaude(
            Claude inner,
            ClaudeSettings settings,
            Clock clock,
            boolean isPerClient,
            int sessionsMax,
            long bytesMax,
            Optional<SessionStore> store) {
        this.inner = inner;
        this.settings = settings;
        this.clock = clock;
        this.isPerClient = isPerClient;
        this.sessionsMax = sessionsMax;
        this.bytesMax = bytesMax;
        this.store = store;
    }

    @Override
    public EventStream ask(Turn turn) {
        if (turn.sessionId().isEmpty()) return inner.ask(turn);
        Session session = open(key(turn.sessionId(), turn.headers()));
        return new SessionStream(this, session, turn, settings.sessionBusyWait());
    }

    private Session.Key key(String id, ClientHeaders headers) {
        return new Session.Key(isPerClient ? headers.fingerprint() : "", id);
    }

    private synchronized Session open(Session.Key key) {
        Instant now = clock.instant();
        sweep(now);
        Session session = sessions.computeIfAbsent(key, k -> found(k, now));
        session.touch(now);
        while (sessions.size() > sessionsMax && evict(session)) {}
        return session;
    }

    /// One that was forgotten here, or by the server before us, is taken up where it was kept.
    private Session found(Session.Key key, Instant now) {
        List<SessionStore.Kept> kept = store.map(s -> s.load(key)).orElse(List.of());
        return kept.isEmpty() ? new Session(key, now) : Session.of(key, kept.getFirst());
    }

    private void sweep(Instant now) {
        Duration ttl = settings.sessionIdleTtl();
        sessions.values().removeIf(s -> !s.isBusy() && s.usedAt().plus(ttl).isBefore(now));
    }

    /// Forgets the least recently used idle session but `kept`.
    ///
    /// @return whether there was one
    private boolean evict(Session kept) {
        return sessions.values().stream()
                .filter(s -> s != kept && !s.isBusy())
                .min(Comparator.comparing(Session::usedAt))
                .map(oldest -> sessions.values().remove(oldest))
                .orElse(false);
    }

    /// Remembers a turn of a session, and forgets others when memory is full.
    void remember(Session session, MessagesRequest asked, ArrayNode answer) {
        session.commit(asked, answer, clock.instant());
        if (!session.isDeleted()) store.ifPresent(s -> s.save(session.key(), session.kept()));
        synchronized (this) {
            // It may have been forgotten in the moment before its turn began.
            if (!session.isDeleted()) sessions.putIfAbsent(session.key(), session);
            while (bytes() > bytesMax && evict(session)) {}
        }
    }

    private long bytes() {
        return sessions.values().stream().mapToLong(Session::bytes).sum();
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
    public synchronized List<SessionInfo> sessions(ClientHeaders headers) {
        sweep(clock.instant());
        return shown(headers).map(entry -> entry.getValue().info()).toList();
    }

    /// The sessions that a request may see and stop, though not read: its owner's, or all when it
    /// brings no credentials, which is who runs the server and not who talks to Claude.
    private Stream<Map.Entry<Session.Key, Session>> shown(ClientHeaders headers) {
        boolean isOperator = headers.credentials().isEmpty();
        String owner = key("", headers).owner();
        return sessions.entrySet().stream()
                .filter(entry -> isOperator || entry.getKey().owner().equals(owner));
    }

    private synchronized List<Session> named(String id, ClientHeaders headers) {
        return shown(headers)
                .filter(entry -> entry.getKey().id().equals(id))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public boolean closeSession(String id, ClientHeaders headers) {
        List<Session> ended = named(id, headers);
        synchronized (this) {
            sessions.values().removeAll(ended);
        }
        ended.forEach(Session::delete);
        inner.closeSession(id, headers);
        boolean wasKept = store.isPresent() && store.get().delete(key(id, headers));
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
