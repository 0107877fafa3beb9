package ccproxy.wire;

import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The list of `GET /v1/models`: `{"data":[{"id"}],"first_id","last_id","has_more"}`.
public final class ModelList {
    private ModelList() {}

    /// {@return the list with those models only whose ids pass}; where a page begins and ends is
    /// told as before when there is another, for who asks for that one.
    public static byte[] only(byte[] list, Predicate<String> passes) {
        ObjectNode root = Json.object("models", list);
        ArrayNode data = Json.array();
        for (JsonNode model : root.path("data")) {
            if (passes.test(model.path("id").asString(""))) data.add(model);
        }
        root.set("data", data);
        if (root.path("has_more").asBoolean(false)) return Json.bytes(root);
        for (String end : new String[] {"first_id", "last_id"}) {
            int at = end.equals("first_id") ? 0 : data.size() - 1;
            if (!root.has(end)) continue;
            if (data.isEmpty()) root.putNull(end);
            else root.set(end, data.path(at).path("id"));
        }
        return Json.bytes(root);
    }
}
