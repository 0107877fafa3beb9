package ccproxy.convert;

import ccproxy.wire.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What the user says between two answers: a result for each call of the answer before, in the
/// order in which they came, and then the rest in order. The API refuses any other order.
final class UserTurn {
    private final Warnings warnings;
    private final ArrayNode rest = Json.array();
    private final Map<String, ObjectNode> results = new LinkedHashMap<>();

    /// The calls that want a result: id → client's tool name.
    private final Map<String, String> calls = new LinkedHashMap<>();

    UserTurn(Warnings warnings) {
        this.warnings = warnings;
    }

    /// Notes a call that wants a result.
    void expect(String id, String clientName) {
        calls.put(id, clientName);
    }

    /// {@return whether a call of this id wants a result}
    boolean expects(String id) {
        return calls.containsKey(id);
    }

    /// {@return the id of the last call of a tool, or `""`}
    String lastCall(String clientName) {
        String id = "";
        for (var call : calls.entrySet()) {
            if (call.getValue().equals(clientName)) id = call.getKey();
        }
        return id;
    }

    /// Adds a result; of two for one call the later counts, at the place of the earlier.
    ///
    /// @return whether it is the first
    boolean addResult(String id, ObjectNode result) {
        return results.put(id, result) == null;
    }

    /// Adds what is no result.
    void add(JsonNode block) {
        rest.add(block);
    }

    /// {@return whether nothing was said yet}
    boolean isEmpty() {
        return results.isEmpty() && rest.isEmpty();
    }

    /// {@return whether calls want results}
    boolean hasCalls() {
        return !calls.isEmpty();
    }

    /// Ends the turn: every call gets a result.
    ///
    /// @return its blocks, empty when there was nothing to say
    ArrayNode end() {
        for (String id : calls.keySet()) {
            if (results.containsKey(id)) continue;
            ObjectNode missing = Json.object().put("type", "tool_result").put("tool_use_id", id);
            results.put(id, missing.put("content", "no result was returned").put("is_error", true));
            warnings.note("messages", "tool_result_added(" + id + ")");
        }
        ArrayNode blocks = Json.array();
        blocks.addAll(results.values());
        blocks.addAll(rest);
        calls.clear();
        results.clear();
        rest.removeAll();
        return blocks;
    }
}
