package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A conversation that the server remembers: system text, tools and messages as they went upstream.
/// Whoever holds its permit has the turn.
final class Session {
    private final Key key;
    private final Instant createdAt;
    private final Semaphore permit = new Semaphore(1, true);
    private volatile Instant usedAt;
    private volatile String model = "";
    private volatile int messages;

    /// `{"system","tools","messages"}` as JSON: the smallest form to keep, and easy to count.
    private volatile byte[] held = {};

    private volatile SessionStream running;
    private volatile boolean isDeleted;

    /// Which session: where clients are told apart, each sees its own only.
    ///
    /// @param backend that answers in it
    /// @param owner `""`, a fingerprint of the client's own credentials, or [#NAMED] and the name
    ///   of its key
    record Key(String backend, String owner, String id) {
        /// No fingerprint begins so.
        private static final String NAMED = "key:";

        static Key named(String backend, String name, String id) {
            return new Key(backend, NAMED + name, id);
        }

        /// {@return the name of the owner's key, `""` when it has none}
        String name() {
            return owner.startsWith(NAMED) ? owner.substring(NAMED.length()) : "";
        }
    }

    Session(Key key, Instant now) {
        this.key = key;
        this.createdAt = now;
        this.usedAt = now;
    }

    /// {@return a session as it was kept}
    static Session of(Key key, SessionStore.Kept kept) {
        var session = new Session(key, kept.createdAt());
        session.model = kept.model();
        session.messages = kept.messages();
        session.held = kept.held();
        session.usedAt = kept.usedAt();
        return session;
    }

    /// {@return what is to be kept of it}
    SessionStore.Kept kept() {
        return new SessionStore.Kept(model, messages, createdAt, usedAt, held);
    }

    Key key() {
        return key;
    }

    Semaphore permit() {
        return permit;
    }

    /// {@return whether a turn runs, which can be stopped}
    boolean isBusy() {
        return running != null;
    }

    Instant usedAt() {
        return usedAt;
    }

    int bytes() {
        return held.length;
    }

    /// {@return how many messages are held}
    int remembered() {
        return messages;
    }

    /// {@return what goes upstream for a request of this session}: a request with an answer of the
    /// assistant in it is the whole conversation; else it continues what is held.
    ///
    /// @throws ApiException when that is larger than a request may be
    MessagesRequest compose(Turn turn, long requestBytesMax) {
        MessagesRequest request = turn.request();
        MessagesRequest whole =
                request.hasRole("assistant") ? request : continued(request, turn.isConverted());
        if (whole != request && whole.body().length > requestBytesMax) {
            throw new ApiException(
                    ErrorKind.TOO_LARGE,
                    "the session has grown to "
                            + whole.body().length
                            + " bytes: expected at most "
                            + requestBytesMax);
        }
        return whole;
    }

    private MessagesRequest continued(MessagesRequest request, boolean isConverted) {
        ObjectNode before = held.length == 0 ? Json.object() : Json.object("session", held);
        ArrayNode all = before.path("messages") instanceof ArrayNode some ? some : Json.array();
        ArrayNode added = request.messages();
        all.addAll(isConverted ? SessionResults.following(all, added) : added);
        MessagesRequest whole = request.with("messages", all);
        for (String name : new String[] {"system", "tools"}) {
            if (before.has(name) && !request.raw().has(name))
                whole = whole.with(name, before.path(name));
        }
        return whole;
    }

    /// Remembers a turn.
    ///
    /// @param asked what went upstream
    /// @param answer the assistant's content; empty when it said nothing
    void commit(MessagesRequest asked, ArrayNode answer, Instant now) {
        ObjectNode whole = Json.object();
        for (String name : new String[] {"system", "tools"}) {
            JsonNode value = asked.raw().path(name);
            if (!value.isMissingNode()) whole.set(name, value);
        }
        ArrayNode all = whole.putArray("messages").addAll(asked.messages());
        if (!answer.isEmpty()) all.addObject().put("role", "assistant").set("content", answer);
        messages = all.size();
        held = Json.bytes(whole);
        model = asked.model();
        usedAt = now;
    }

    void touch(Instant now) {
        usedAt = now;
    }

    void running(SessionStream stream) {
        running = stream;
    }

    /// Stops the turn that runs, if one does.
    void interrupt() {
        SessionStream stream = running;
        if (stream != null) stream.interrupt();
    }

    boolean isDeleted() {
        return isDeleted;
    }

    /// Ends the conversation: the turn that runs, and those that wait for it.
    void delete() {
        isDeleted = true;
        interrupt();
    }

    SessionInfo info() {
        return new SessionInfo(
                key.id, key.name(), model, messages, held.length, isBusy(), createdAt, usedAt);
    }
}
