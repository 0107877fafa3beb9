package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The events by which Anthropic would have told a message that came whole; all but the last.
final class MadeEvents {
    /// The last event of an answer.
    static final SseEvent STOP = event(Json.object().put("type", "message_stop"));

    private MadeEvents() {}

    static List<SseEvent> of(ObjectNode message, String stopReason) {
        var events = new ArrayList<SseEvent>();
        ObjectNode begun = message.deepCopy();
        begun.set("content", Json.array());
        begun.putNull("stop_reason").putNull("stop_sequence");
        ObjectNode start = Json.object().put("type", "message_start");
        start.set("message", begun);
        events.add(event(start));
        int index = 0;
        for (JsonNode block : message.path("content"))
            events.addAll(block(index++, Json.objectOrEmpty(block)));
        ObjectNode end = Json.object().put("type", "message_delta");
        ObjectNode delta = end.putObject("delta").put("stop_reason", stopReason);
        JsonNode sequence = message.path("stop_sequence");
        if (sequence.isString()) delta.set("stop_sequence", sequence);
        else delta.putNull("stop_sequence");
        end.set("usage", Json.objectOrEmpty(message.path("usage")));
        events.add(event(end));
        return events;
    }

    /// {@return the last event but one of an answer that was refused}
    ///
    /// @param told what the CLI says of it
    /// @param result of its turn
    static SseEvent refusal(ObjectNode told, ObjectNode result) {
        ObjectNode end = Json.object().put("type", "message_delta");
        ObjectNode delta = end.putObject("delta").put("stop_reason", "refusal");
        delta.putNull("stop_sequence");
        delta.putObject("stop_details")
                .put("type", "refusal")
                .<ObjectNode>set("category", orNull(told.path("api_refusal_category")))
                .set("explanation", orNull(told.path("api_refusal_explanation")));
        int tokens = 0;
        for (JsonNode model : result.path("modelUsage"))
            tokens += model.path("outputTokens").asInt(0);
        end.putObject("usage").put("output_tokens", tokens);
        return event(end);
    }

    private static JsonNode orNull(JsonNode value) {
        return value.isString() ? value : Json.object().nullNode();
    }

    /// {@return the events that tell one block}
    static List<SseEvent> block(int index, ObjectNode block) {
        ObjectNode begun = block.deepCopy();
        ArrayNode deltas = Json.array();
        switch (block.path("type").asString("")) {
            case "text" -> grow(begun, deltas, "text");
            case "thinking" -> {
                grow(begun, deltas, "thinking");
                grow(begun, deltas, "signature");
            }
            case "tool_use" -> {
                begun.set("input", Json.object());
                deltas.addObject()
                        .put("type", "input_json_delta")
                        .put("partial_json", Json.text(block.path("input")));
            }
            default -> {}
        }
        var events = new ArrayList<SseEvent>();
        events.add(indexed("content_block_start", index, "content_block", begun));
        for (JsonNode delta : deltas)
            events.add(indexed("content_block_delta", index, "delta", delta));
        events.add(event(Json.object().put("type", "content_block_stop").put("index", index)));
        return events;
    }

    /// Empties a field, and has a delta fill it again.
    private static void grow(ObjectNode begun, ArrayNode deltas, String field) {
        String value = begun.path(field).asString("");
        begun.put(field, "");
        if (!value.isEmpty()) deltas.addObject().put("type", field + "_delta").put(field, value);
    }

    private static SseEvent indexed(String type, int index, String name, JsonNode value) {
        ObjectNode event = Json.object().put("type", type).put("index", index);
        event.set(name, value);
        return event(event);
    }

    private static SseEvent event(ObjectNode event) {
        return SseEvent.of(event.path("type").asString(), Json.bytes(event));
    }
}
