package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Anthropic's own blocks in Chat Completions messages, as Cursor sends them, in OpenAI's shapes:
/// `tool_use` as `tool_calls`, `tool_result` as a message of its own, thinking as
/// `thinking_blocks`. A pure function of one message; any other message stays the same.
final class BlockShapes {
    private static final Set<String> THINKING = Set.of("thinking", "redacted_thinking");

    private BlockShapes() {}

    /// {@return the messages, those of a mixed shape taken apart; each keeps its path}
    static List<Field> usual(List<Field> messages) {
        var usual = new ArrayList<Field>(messages.size());
        for (Field message : messages) {
            boolean isAnswer = message.value().path("role").asString("").equals("assistant");
            if (isAnswer && has(message, "tool_use", "thinking", "redacted_thinking")) {
                usual.add(new Field(message.path(), answer(message.object())));
            } else if (!isAnswer && has(message, "tool_result")) {
                results(message, usual);
            } else usual.add(message);
        }
        return usual;
    }

    private static boolean has(Field message, String... types) {
        for (JsonNode part : message.value().path("content")) {
            if (Set.of(types).contains(type(part))) return true;
        }
        return false;
    }

    private static String type(JsonNode part) {
        return part.path("type").asString("");
    }

    private static ObjectNode answer(ObjectNode message) {
        ObjectNode made = Json.object().setAll(message);
        ArrayNode rest = made.putArray("content");
        ArrayNode calls = Json.array();
        ArrayNode thinking = Json.array();
        if (message.path("tool_calls") instanceof ArrayNode own) calls.addAll(own);
        if (message.path("thinking_blocks") instanceof ArrayNode own) thinking.addAll(own);
        for (JsonNode part : message.path("content")) {
            if (THINKING.contains(type(part))) thinking.add(part);
            else if (type(part).equals("tool_use")) calls.add(call(part));
            else rest.add(part);
        }
        if (!calls.isEmpty()) made.set("tool_calls", calls);
        if (!thinking.isEmpty()) made.set("thinking_blocks", thinking);
        return made;
    }

    private static ObjectNode call(JsonNode use) {
        ObjectNode call = Json.object().put("type", "function");
        call.set("id", use.path("id"));
        ObjectNode function = call.putObject("function");
        function.set("name", use.path("name"));
        function.set("arguments", use.path("input"));
        return call;
    }

    private static void results(Field message, List<Field> into) {
        ObjectNode rest = Json.object().setAll(message.object());
        ArrayNode parts = rest.putArray("content");
        for (JsonNode part : message.value().path("content")) {
            if (type(part).equals("tool_result")) into.add(result(message, part));
            else parts.add(part);
        }
        if (!parts.isEmpty()) into.add(new Field(message.path(), rest));
    }

    private static Field result(Field message, JsonNode block) {
        ObjectNode result = Json.object().put("role", "tool");
        result.set("tool_call_id", block.path("tool_use_id"));
        for (String name : List.of("content", "is_error", "cache_control")) {
            if (block.has(name)) result.set(name, block.path(name));
        }
        return new Field(message.path(), result);
    }
}
