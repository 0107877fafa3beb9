package ccproxy.wire;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// An event of an Anthropic message stream, read as far as we branch on it. What we do not know is
/// `Other` and never an error (`docs/en/build-with-claude/streaming`: new types may appear).
public sealed interface MessageEvent {
    /// The names of the API, in the order of their frequency.
    List<String> NAMES =
            List.of(
                    "content_block_delta",
                    "content_block_start",
                    "content_block_stop",
                    "ping",
                    "message_start",
                    "message_delta",
                    "message_stop",
                    "error",
                    SseEvent.WHOLE);

    /// The events without which an answer is not whole.
    Set<String> PARTS =
            Set.of(
                    "message_start",
                    "content_block_start",
                    "content_block_delta",
                    "content_block_stop",
                    "message_delta");

    /// The answer begins; `message` has no content yet.
    record MessageStart(ObjectNode message) implements MessageEvent {}

    /// A content block begins.
    record BlockStart(int index, ObjectNode block) implements MessageEvent {}

    /// A content block grows.
    record BlockDelta(int index, Delta delta) implements MessageEvent {}

    /// A content block is whole.
    record BlockStop(int index) implements MessageEvent {}

    /// The end is known: `delta` holds the stop reason; `usage` is cumulative, its fields may be
    /// null or absent; `event` is the whole of it.
    record MessageDelta(ObjectNode delta, ObjectNode usage, ObjectNode event)
            implements MessageEvent {}

    /// The answer is whole.
    record MessageStop() implements MessageEvent {}

    /// Still there.
    record Ping() implements MessageEvent {}

    /// The answer failed.
    record Failure(ApiException error) implements MessageEvent {}

    /// The answer came whole instead of in events.
    record Whole(ObjectNode message) implements MessageEvent {}

    /// An event of a later day.
    record Other(String type) implements MessageEvent {}

    /// What a content block grows by.
    sealed interface Delta {
        /// Text of a text block.
        record Text(String text) implements Delta {}

        /// A piece of the JSON text of a tool's input.
        record InputJson(String partialJson) implements Delta {}

        /// Text of a thinking block.
        record Thinking(String thinking) implements Delta {}

        /// The signature of a thinking block.
        record Signature(String signature) implements Delta {}

        /// A citation of a text block.
        record Citation(ObjectNode citation) implements Delta {}

        /// A delta of a later day, whole.
        record Other(ObjectNode raw) implements Delta {}
    }

    /// {@return the event that a frame holds}
    static MessageEvent of(SseEvent event) {
        if (!(event.json() instanceof ObjectNode raw)) return new Other(event.name());
        // A part of the answer that cannot be read is lost: what is left must not look whole.
        if (raw.isEmpty() && PARTS.contains(event.name())) return new Failure(unreadable());
        String type = raw.path("type").asString(event.name());
        int index = raw.path("index").asInt(-1);
        return switch (type) {
            case "content_block_delta" -> new BlockDelta(index, delta(raw.path("delta")));
            case "content_block_start" ->
                    new BlockStart(index, Json.objectOrEmpty(raw.path("content_block")));
            case "content_block_stop" -> new BlockStop(index);
            case "ping" -> new Ping();
            case "message_start" -> new MessageStart(Json.objectOrEmpty(raw.path("message")));
            case "message_delta" ->
                    new MessageDelta(
                            Json.objectOrEmpty(raw.path("delta")),
                            Json.objectOrEmpty(raw.path("usage")),
                            raw);
            case "message_stop" -> new MessageStop();
            case "error" -> new Failure(ApiException.event(raw));
            case SseEvent.WHOLE -> new Whole(raw);
            default -> new Other(type);
        };
    }

    private static ApiException unreadable() {
        return new ApiException(
                ErrorKind.INCOMPLETE, "the upstream sent an event that cannot be read");
    }

    private static Delta delta(JsonNode raw) {
        return switch (raw.path("type").asString("")) {
            case "text_delta" -> new Delta.Text(raw.path("text").asString(""));
            case "input_json_delta" -> new Delta.InputJson(raw.path("partial_json").asString(""));
            case "thinking_delta" -> new Delta.Thinking(raw.path("thinking").asString(""));
            case "signature_delta" -> new Delta.Signature(raw.path("signature").asString(""));
            case "citations_delta" -> new Delta.Citation(Json.objectOrEmpty(raw.path("citation")));
            default -> new Delta.Other(Json.objectOrEmpty(raw));
        };
    }
}
