package ccproxy.claude;

import ccproxy.wire.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Lines for the CLI's stdin.
final class CliLines {
    private CliLines() {}

    /// {@return a user's turn}
    static ObjectNode user(String text) {
        return user(Json.object().stringNode(text));
    }

    /// {@return a user's turn: a text or content blocks}
    static ObjectNode user(JsonNode content) {
        ObjectNode line = Json.object().put("type", "user").put("session_id", "");
        line.putNull("parent_tool_use_id");
        line.putObject("message").put("role", "user").set("content", content);
        return line;
    }

    /// {@return an earlier answer, to be added to the conversation}
    static ObjectNode assistant(JsonNode content) {
        ObjectNode line = Json.object().put("type", "assistant").put("session_id", "");
        line.putNull("parent_tool_use_id");
        line.putObject("message").put("role", "assistant").set("content", content);
        return line;
    }
}
