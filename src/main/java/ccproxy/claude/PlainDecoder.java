package ccproxy.claude;

import ccproxy.wire.CliMessage;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.SseEvent;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The lines of one turn as the events of one answer: the model's first one. Anthropic's own events
/// are handed on as they are; an answer that came without events is given some; what the CLI
/// withdraws or makes up never looks like the end of an answer. For one thread.
final class PlainDecoder extends CliDecoder {
    private final WholeAnswer whole = new WholeAnswer();
    private ObjectNode refusal = Json.object();
    private boolean hasStopReason;

    @Override
    void add(CliMessage line) {
        switch (line) {
            case CliMessage.Event(var event, var isAbandoned) -> event(event, isAbandoned);
            case CliMessage.Assistant assistant -> assistant(assistant);
            case CliMessage.RateLimit(var info) -> limit(info);
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
        if (isAbandoned) fail();
        if (isFailing() || isComplete()) return;
        switch (event.name()) {
            case "message_start" -> {
                begin();
                tell(event);
            }
            case "message_delta" -> {
                // An answer that broke off is closed by the CLI without a reason to stop.
                if (!hasReason(event)) return;
                hasStopReason = true;
                tell(event);
            }
            case "message_stop" -> {
                if (hasStopReason) finish(event);
                else fail();
            }
            default -> tell(event);
        }
    }

    private static boolean hasReason(SseEvent event) {
        return MessageEvent.of(event) instanceof MessageEvent.MessageDelta delta
                && delta.delta().path("stop_reason").isString();
    }

    private void assistant(CliMessage.Assistant line) {
        if (line.isSynthetic()) fail(line);
        else if (!hasBegun() && !isComplete()) whole.add(line.message());
    }

    private void result(ObjectNode raw) {
        if (isComplete()) return;
        boolean isRefusal = hasBegun() && !refusal.isEmpty();
        if (isFailing() || !hasStopReason && !isRefusal && whole.isEmpty()) throw failure(raw);
        // Older versions end a turn that has cost enough without the last event, tell of a refusal
        // in place of the last two, and an answer may have come without any.
        if (!hasStopReason) {
            if (isRefusal) tell(MadeEvents.refusal(refusal, raw));
            else whole.events(raw).forEach(this::tell);
        }
        finish();
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
