package ccproxy.claude;

import ccproxy.observe.Trace;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.MessagesRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// One turn of a session: waits for the session, asks with what it remembers, and remembers the
/// answer.
///
/// ```
/// queued ──permit──▶ asking ──message_stop──▶ remembered
///    └─ busy for too long: 409   ├─ failed: the session is as before
///                                └─ closed early: what was said so far is remembered
/// ```
///
/// Its lock is taken before the one of [SessionClaude], never after it.
final class SessionStream implements EventStream {
    static final String BUSY = "the session is busy with another request";
    static final String INTERRUPTED = "the turn was interrupted";

    private final SessionClaude owner;
    private final Session session;
    private final Turn turn;
    private final long startNanos = System.nanoTime();
    private final long deadline;
    private final MessageFold fold = new MessageFold();
    private MessagesRequest asked;
    private volatile EventStream answer;
    private boolean isSettled;
    private boolean isInterrupted;
    private volatile boolean isClosed;

    SessionStream(SessionClaude owner, Session session, Turn turn, Duration busyWait) {
        this.owner = owner;
        this.session = session;
        this.turn = turn;
        this.deadline = startNanos + busyWait.toNanos();
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        if (answer == null && !begin(wait)) return new Next.Queued();
        try {
            Next next = answer.next(wait);
            if (next instanceof Next.Event(var event)) told(MessageEvent.of(event));
            return next;
        } catch (ApiException e) {
            if (isInterrupted()) throw interrupted();
            settle(false);
            throw e;
        }
    }

    private synchronized void told(MessageEvent event) {
        if (isSettled) return;
        fold.add(event);
        if (fold.isComplete()) settle(true);
        if (event instanceof MessageEvent.Failure) settle(false);
    }

    private boolean begin(Duration wait) throws InterruptedException {
        if (isClosed) throw interrupted();
        long left = Math.max(0, Math.min(wait.toNanos(), deadline - System.nanoTime()));
        if (!session.permit().tryAcquire(left, TimeUnit.NANOSECONDS)) {
            if (System.nanoTime() < deadline) return false;
            owner.waits().add(System.nanoTime() - startNanos);
            throw new ApiException(ErrorKind.CONFLICT, BUSY).header("retry-after", "1");
        }
        owner.waits().add(System.nanoTime() - startNanos);
        return begun();
    }

    private synchronized boolean begun() {
        // Before the look whether the session is deleted: who deletes it looks for a turn after.
        session.running(this);
        try {
            if (isClosed || session.isDeleted()) throw interrupted();
            if (!turn.request().hasRole("assistant"))
                Trace.current().remembered(session.remembered());
            asked = session.compose(turn, owner.requestBytesMax());
            answer = owner.inner().ask(turn.with(asked));
            return true;
        } finally {
            if (answer == null) leave();
        }
    }

    private void leave() {
        session.running(null);
        session.permit().release();
    }

    /// Ends the turn, once. A client that left after the first words has heard them; one that left
    /// before, or that waited for the whole, asks again.
    ///
    /// @param isAnswered whether there is something to remember
    private synchronized void settle(boolean isAnswered) {
        if (isSettled || answer == null) return;
        isSettled = true;
        try {
            if (isAnswered) owner.remember(session, asked, content());
        } finally {
            leave();
        }
    }

    private boolean hasTold() {
        return turn.request().isStream() && !said(fold.message().path("content")).isEmpty();
    }

    private ArrayNode content() {
        JsonNode content = fold.message().path("content");
        return fold.isComplete() ? whole(content) : said(content);
    }

    /// What can be sent back: the API refuses empty texts, and calls that were cut short.
    private static ArrayNode whole(JsonNode content) {
        ArrayNode whole = Json.array();
        for (JsonNode block : content) {
            boolean isText = block.path("type").asString("").equals("text");
            boolean isEmpty = isText && block.path("text").asString("").isBlank();
            if (!isEmpty && !block.has(MessageFold.PARTIAL_JSON)) whole.add(block);
        }
        return whole;
    }

    /// The text of an answer that was stopped: calls and thinking that were cut short cannot be
    /// sent back.
    private static ArrayNode said(JsonNode content) {
        ArrayNode said = Json.array();
        for (JsonNode block : content) {
            boolean isText = block.path("type").asString("").equals("text");
            if (isText && !block.path("text").asString("").isBlank()) {
                String text = block.path("text").asString().stripTrailing();
                said.addObject().put("type", "text").put("text", text);
            }
        }
        return said;
    }

    /// Stops the turn, if it runs; its reader is told so.
    synchronized void interrupt() {
        if (isSettled || answer == null) return;
        isInterrupted = true;
        answer.close();
    }

    private synchronized boolean isInterrupted() {
        if (isInterrupted) settle(hasTold());
        return isInterrupted;
    }

    private static ApiException interrupted() {
        return new ApiException(ErrorKind.CONFLICT, INTERRUPTED).notRetried();
    }

    @Override
    public boolean isReady() {
        return answer != null && answer.isReady();
    }

    @Override
    public Map<String, List<String>> headers() {
        return answer == null ? Map.of() : answer.headers();
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        if (answer == null) return;
        answer.close();
        settle(hasTold());
    }
}
