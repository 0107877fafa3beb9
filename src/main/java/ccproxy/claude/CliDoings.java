package ccproxy.claude;

import ccproxy.claude.CliSettings.MessageMode;
import ccproxy.wire.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What the CLI does between the model's answers, as blocks for a client: its tool uses, their
/// results, its system lines. As texts with XML tags (`<tool_use_sdk id="…" name="…">{…}</…>`), as
/// blocks of their own types (`tool_use_sdk`, `tool_result_sdk`, `system_message_sdk`), or not at
/// all.
final class CliDoings {
    private static final Pattern TAGGED =
            Pattern.compile("<(tool_use|tool_result|system_message)_sdk[ >]");

    private final MessageMode mode;

    CliDoings(MessageMode mode) {
        this.mode = mode;
    }

    /// {@return the calls in a line of the assistant's}
    List<ObjectNode> calls(ObjectNode message) {
        return ofType(message, "tool_use");
    }

    /// {@return the results in a line that the CLI says in the user's place}
    List<ObjectNode> results(ObjectNode message) {
        return ofType(message, "tool_result");
    }

    private List<ObjectNode> ofType(ObjectNode message, String type) {
        var found = new ArrayList<ObjectNode>();
        if (mode == MessageMode.IGNORE) return found;
        for (JsonNode block : message.path("content")) {
            if (block.path("type").asString("").equals(type))
                found.add(shown(type + "_sdk", Json.objectOrEmpty(block)));
        }
        return found;
    }

    /// {@return what a system line says; how far it is, is said too often to be shown}
    List<ObjectNode> system(String subtype, ObjectNode raw) {
        boolean isNoise = subtype.equals("status") || subtype.equals("thinking_tokens");
        if (mode == MessageMode.IGNORE || isNoise) return List.of();
        ObjectNode block = Json.object().put("subtype", subtype);
        block.set("data", subtype.equals("init") ? begun(raw) : rest(raw));
        return List.of(shown("system_message_sdk", block));
    }

    /// Of what the CLI is, what a client may want to know; all of it is 4 kB at every turn.
    private static ObjectNode begun(ObjectNode raw) {
        ObjectNode begun = Json.object();
        for (String name :
                List.of("claude_code_version", "cwd", "model", "permissionMode", "tools")) {
            if (raw.has(name)) begun.set(name, raw.path(name));
        }
        return begun;
    }

    private static ObjectNode rest(ObjectNode raw) {
        ObjectNode rest = raw.deepCopy();
        rest.remove(List.of("type", "subtype", "uuid", "session_id"));
        return rest;
    }

    /// {@return whether a block of an answer is one of these, and not the model's own}
    static boolean isOne(JsonNode block) {
        return isBlock(block) || TAGGED.matcher(block.path("text").asString("")).lookingAt();
    }

    /// {@return whether a block is of a type that only we know}
    static boolean isBlock(JsonNode block) {
        return block.path("type").asString("").endsWith("_sdk");
    }

    private ObjectNode shown(String type, ObjectNode block) {
        return mode == MessageMode.FORWARD
                ? block.deepCopy().put("type", type)
                : Json.object().put("type", "text").put("text", tagged(type, block));
    }

    private static String tagged(String type, ObjectNode block) {
        var attributes = new StringBuilder();
        for (String name : List.of("id", "tool_use_id", "name", "is_error", "subtype")) {
            JsonNode value = block.path(name);
            if (value.isMissingNode() || value.isNull()) continue;
            attributes.append(' ').append(name).append("=\"");
            attributes.append(escaped(value.asString("")).replace("\"", "&quot;")).append('"');
        }
        JsonNode body = Json.array();
        for (String name : List.of("input", "content", "data")) {
            if (block.has(name)) body = block.path(name);
        }
        String text = body.isString() ? body.stringValue() : Json.text(body);
        return "<" + type + attributes + ">" + escaped(text) + "</" + type + ">\n";
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
