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
import tools.jackson.databind.node.ArrayNode;

/// The conversations of all backends in this process's memory, bounded in number, bytes and idle
/// time. The least recently used idle one goes first; a busy one never. It outlives backends, so
/// that another configuration finds them again. Safe for any number of threads.
final class SessionTable {
    /// Enough for every client of one machine; a thousand chats at once is a leak of ids.
    static final int SESSIONS_MAX = 1000;

    private static final long BYTES_MAX = Runtime.getRuntime().maxMemory() / 4;

    private final Clock clock;
    private final int sessionsMax;
    private final long bytesMax;
    private final Map<Session.Key, Session> sessions = new LinkedHashMap<>();

    SessionTable(Clock clock) {
        this(clock, SESSIONS_MAX, BYTES_MAX);
    }

    SessionTable(Clock clock, int sessionsMax, long bytesMax) {
        this.clock = clock;
        this.sessionsMax = sessionsMax;
        this.bytesMax = bytesMax;
    }

    /// {@return the session of that key}; one that was forgotten here, or by the server before us,
    /// is taken up where it was kept.
    ///
    /// @param idleTtl after which those that nobody used are forgotten
    /// @param store where sessions are kept on disk
    synchronized Session open(Session.Key key, Duration idleTtl, Optional<SessionStore> store) {
        Instant now = clock.instant();
        sweep(idleTtl);
        Session session = sessions.computeIfAbsent(key, k -> found(k, store));
        session.touch(now);
        while (sessions.size() > sessionsMax && evict(session)) {}
        return session;
    }

    private Session found(Session.Key key, Optional<SessionStore> store) {
        List<SessionStore.Kept> kept = store.map(s -> s.load(key)).orElse(List.of());
        if (kept.isEmpty()) return new Session(key, clock.instant());
        return Session.of(key, kept.getFirst());
    }

    private void sweep(Duration idleTtl) {
        Instant limit = clock.instant().minus(idleTtl);
        sessions.values().removeIf(s -> !s.isBusy() && s.usedAt().isBefore(limit));
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
    void remember(
            Session session,
            MessagesRequest asked,
            ArrayNode answer,
            Optional<SessionStore> store) {
        session.commit(asked, answer, clock.instant());
        if (!session.isDeleted()) store.ifPresent(s -> s.save(session.key(), session.kept()));
        // Who deleted it while it was saved may have found nothing to delete.
        if (session.isDeleted()) store.ifPresent(s -> s.delete(session.key()));
        synchronized (this) {
            // It may have been forgotten in the moment before its turn began.
            if (!session.isDeleted()) sessions.putIfAbsent(session.key(), session);
            while (bytes() > bytesMax && evict(session)) {}
        }
    }

    private long bytes() {
        return sessions.values().stream().mapToLong(Session::bytes).sum();
    }

    /// {@return the sessions of a backend}
    ///
    /// @param idleTtl after which those that nobody used are forgotten
    synchronized List<Session> of(String backend, Duration idleTtl) {
        sweep(idleTtl);
        return sessions.values().stream().filter(s -> s.key().backend().equals(backend)).toList();
    }

    /// Forgets sessions.
    synchronized void removeAll(List<Session> ended) {
        sessions.values().removeAll(ended);
    }
}
