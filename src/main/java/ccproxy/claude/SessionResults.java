package ccproxy.claude;

import ccproxy.wire.Json;
import java.util.LinkedHashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What a client of another format adds to a session, made to follow what the session holds: the
/// API wants a result for each call of the answer before, those first, and no other. A converter
/// sees the new messages alone, so the seam is ours.
final class SessionResults {
    private SessionResults() {}

    /// {@return the added messages with the results in order: missing ones are said to be missing,
    /// those of unknown calls become text}
    static ArrayNode following(ArrayNode held, ArrayNode added) {
        Set<String> open = calls(held);
        JsonNode first = added.path(0);
        boolean isUser = first.path("role").asString("").equals("user");
        ArrayNode content = Json.array();
        ArrayNode rest = Json.array();
        if (isUser) {
            for (JsonNode block : first.path("content")) sort(block, open, content, rest);
        }
        for (String id : open) {
            ObjectNode missing = content.addObject().put("type", "tool_result");
            missing.put("tool_use_id", id)
                    .put("content", "no result was returned")
                    .put("is_error", true);
        }
        content.addAll(rest);
        ArrayNode following = Json.array();
        if (!content.isEmpty()) following.addObject().put("role", "user").set("content", content);
        for (int i = isUser ? 1 : 0; i < added.size(); i++) following.add(added.get(i));
        return following;
    }

    private static Set<String> calls(ArrayNode held) {
        var calls = new LinkedHashSet<String>();
        JsonNode last = held.path(held.size() - 1);
        for (JsonNode block : last.path("content")) {
            if (block.path("type").asString("").equals("tool_use"))
                calls.add(block.path("id").asString(""));
        }
        return calls;
    }

    private static void sort(JsonNode block, Set<String> open, ArrayNode results, ArrayNode rest) {
        if (!block.path("type").asString("").equals("tool_result")) {
            rest.add(block);
            return;
        }
        String id = block.path("tool_use_id").asString("");
        if (open.remove(id)) {
            results.add(block);
            return;
        }
        rest.addObject()
                .put("type", "text")
                .put("text", "[tool result for unknown call " + id + "]");
        block.path("content").forEach(rest::add);
    }
}
