package ccproxy.convert;

import ccproxy.wire.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Anthropic's list of models as OpenAI's.
public final class ModelsToChat {
    private ModelsToChat() {}

    /// {@return `{"object":"list","data":[…]}` with the aliases behind the models}
    public static byte[] list(byte[] models, Map<String, String> aliases) {
        ObjectNode list = Json.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (JsonNode model : Json.object("models", models).path("data")) data.add(model(model));
        for (String alias : aliases.keySet()) data.add(model(Json.object().put("id", alias)));
        return Json.bytes(list);
    }

    /// {@return one model}
    ///
    /// @param id the name it was asked by
    public static byte[] one(byte[] model, String id) {
        return Json.bytes(model(Json.object("model", model)).put("id", id));
    }

    private static ObjectNode model(JsonNode model) {
        ObjectNode made =
                Json.object().put("id", model.path("id").asString("")).put("object", "model");
        made.put("created", seconds(model.path("created_at").asString("")));
        made.put("owned_by", "anthropic");
        if (model.has("display_name")) made.set("display_name", model.path("display_name"));
        if (model.has("max_input_tokens"))
            made.set("context_window", model.path("max_input_tokens"));
        return made;
    }

    private static long seconds(String time) {
        try {
            return Instant.parse(time).getEpochSecond();
        } catch (DateTimeException _) {
            return 0;
        }
    }
}
