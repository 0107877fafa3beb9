package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import tools.jackson.databind.node.ObjectNode;

/// The lines of a turn as the events of an answer, and what is known of its failure. For one
/// thread.
abstract sealed class CliDecoder permits PlainDecoder, AgentDecoder {
    private final Deque<SseEvent> events = new ArrayDeque<>();
    private ObjectNode limit = Json.object();
    private String error = "";
    private String said = "";
    private boolean hasBegun;
    private boolean isFailing;
    private boolean isComplete;

    /// Takes a line.
    ///
    /// @throws ApiException when it says that the turn failed
    abstract void add(CliMessage line);

    /// Tells an event.
    final void tell(SseEvent event) {
        events.add(event);
    }

    /// Notes that the answer has begun.
    final void begin() {
        hasBegun = true;
    }

    /// Tells the last event: the answer is whole.
    final void finish(SseEvent last) {
        events.add(last);
        isComplete = true;
    }

    /// Tells the last event, which did not come.
    final void finish() {
        finish(MadeEvents.STOP);
    }

    /// Notes that the answer is void: what follows is not to look like the end of it.
    final void fail() {
        isFailing = true;
    }

    /// Notes what the CLI made up in the answer's place.
    final void fail(CliMessage.Assistant synthetic) {
        isFailing = true;
        error = synthetic.error();
        said = CliErrors.text(synthetic);
    }

    /// Notes what is told of the login's limits.
    final void limit(ObjectNode info) {
        limit = info;
    }

    /// {@return why a turn with this result failed}
    final ApiException failure(ObjectNode result) {
        boolean isError = isFailing || result.path("is_error").asBoolean(false);
        if (isError) return CliErrors.of(result, error, said, limit);
        return new ApiException(ErrorKind.INCOMPLETE, "the claude process gave no answer");
    }

    final boolean isFailing() {
        return isFailing;
    }

    final boolean hasEvent() {
        return !events.isEmpty();
    }

    /// {@return the next event; there must be one}
    final SseEvent event() {
        return events.remove();
    }

    /// {@return whether the answer has begun}
    final boolean hasBegun() {
        return hasBegun;
    }

    /// {@return whether the answer has come to its end}
    final boolean isComplete() {
        return isComplete;
    }
}
