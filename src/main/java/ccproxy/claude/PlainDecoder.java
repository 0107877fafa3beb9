package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.SseEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The lines of one turn as the events of one answer: the model's first one. Anthropic's own events
/// are handed on as they are; an answer that came without events is given some; what the CLI
/// withdraws or makes up never looks like the end of an answer. For one thread.
final class PlainDecoder implements CliDecoder {
    private static final SseEvent STOP =
            SseEvent.of("message_stop", Json.bytes(Json.object().put("type", "message_stop")));

    private final Deque<SseEvent> events = new ArrayDeque<>();
    private final WholeAnswer whole = new WholeAnswer();
    private ObjectNode limit = Json.object();
    private ObjectNode refusal = Json.object();
    private String error = "";
    private String said = "";
    private boolean hasBegun;
    private boolean hasStopReason;
    private boolean isFailing;
    private boolean isComplete;

    @Override
    public void add(CliMessage line) {
        switch (line) {
            case CliMessage.Event(var event, var isAbandoned) -> event(event, isAbandoned);
            case CliMessage.Assistant assistant -> assistant(assistant);
            case CliMessage.RateLimit(var info) -> limit = info;
            case CliMessage.Result(var raw) -> result(raw);
            case CliMessage.SystemLine(var subtype, var raw) -> {
                if (subtype.equals("model_refusal_no_fallback")) refusal = raw;
            }
            case CliMessage.User _,
                    CliMessage.Reply _,
                    CliMessage.Request _,
                    CliMessage.Other _ -> {}
        }
    }

    private void event(SseEvent event, boolean isAbandoned) {
        if (isAbandoned) isFailing = true;
        if (isFailing || isComplete) return;
        switch (event.name()) {
            case "message_start" -> hasBegun = true;
            case "message_delta" -> {
                // An answer that broke off is closed by the CLI without a reason to stop.
                if (!hasReason(event)) return;
                hasStopReason = true;
            }
            case "message_stop" -> isComplete = true;
            default -> {}
        }
        if (event.name().equals("message_stop") && !hasStopReason) {
            isComplete = false;
            isFailing = true;
            return;
        }
        events.add(event);
    }

    private static boolean hasReason(SseEvent event) {
        return MessageEvent.of(event) instanceof MessageEvent.MessageDelta delta
                && delta.delta().path("stop_reason").isString();
    }

    private void assistant(CliMessage.Assistant line) {
        if (line.isSynthetic()) {
            isFailing = true;
            error = line.error();
            said = CliErrors.text(line);
        } else if (!hasBegun && !isComplete) {
            whole.add(line.message());
        }
    }

    private void result(ObjectNode raw) {
        if (isComplete) return;
        if (hasStopReason && !isFailing) {
            // Older versions end a turn that has cost enough without the last event.
            finish(STOP);
        } else if (hasBegun && !refusal.isEmpty() && !isFailing) {
            // Older versions tell of a refusal so, in place of the answer's last two events.
            events.add(MadeEvents.refusal(refusal, raw));
            finish(STOP);
        } else if (!whole.isEmpty() && !isFailing) {
            whole.events(raw).forEach(events::add);
            finish(STOP);
        } else if (raw.path("is_error").asBoolean(false) || isFailing) {
            throw CliErrors.of(raw, error, said, limit);
        } else {
            throw new ApiException(ErrorKind.INCOMPLETE, "the claude process gave no answer");
        }
    }

    private void finish(SseEvent last) {
        events.add(last);
        isComplete = true;
    }

    @Override
    public boolean hasEvent() {
        return !events.isEmpty();
    }

    @Override
    public SseEvent event() {
        return events.remove();
    }

    @Override
    public boolean hasBegun() {
        return hasBegun;
    }

    @Override
    public boolean isComplete() {
        return isComplete;
    }

    /// An answer that came in whole blocks, a line each.
    private static final class WholeAnswer {
        private final ObjectNode message = Json.object();

        boolean isEmpty() {
            return message.isEmpty();
        }

        void add(ObjectNode part) {
            if (isEmpty()) {
                message.setAll(part);
                message.putArray("content");
            }
            if (!part.path("id").equals(message.path("id"))) return;
            part.path("content").forEach(message.withArray("content")::add);
        }

        /// The events that tell it.
        Iterable<SseEvent> events(ObjectNode result) {
            return MadeEvents.of(message, stopReason(result));
        }

        private String stopReason(ObjectNode result) {
            JsonNode own = message.path("stop_reason");
            return own.isString()
                    ? own.stringValue()
                    : result.path("stop_reason").asString("end_turn");
        }
    }
}
