package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// The data that ships: `models.json`.
class ModelDataTest {
    private final JsonNode data = data();
    private final String newest = data.path("newest").asString();

    static JsonNode data() {
        try (var in = ModelCatalog.class.getResourceAsStream("models.json")) {
            return Json.tree(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void dataFitsTogether() {
        var ids = new HashSet<String>();
        for (JsonNode model : data.path("models")) {
            String id = model.path("id").asString();
            assertTrue(ids.add(id), id + " is there twice");
            assertTrue(data.path("kinds").has(model.path("kind").asString()), id);
            assertTrue(model.path("max_tokens").asInt() > 0, id);
            assertTrue(
                    model.path("max_input_tokens").asInt() >= model.path("max_tokens").asInt(), id);
            assertFalse(model.path("display_name").asString().isEmpty(), id);
        }
        assertTrue(ids.contains(newest));
        for (var alias : data.path("aliases").properties())
            assertTrue(ids.contains(alias.getValue().asString()), alias.getKey());
        for (var rule : data.path("mapping").properties()) {
            String model = rule.getValue().asString();
            assertTrue(ids.contains(model) || data.path("aliases").has(model), rule.getKey());
        }
    }

    @Test
    void everyKindSaysTheSameThings() {
        var capabilities = new HashSet<Set<String>>();
        for (var kind : data.path("kinds").properties()) {
            capabilities.add(names(kind.getValue().path("capabilities")));
            JsonNode rules = kind.getValue().path("rules");
            for (String name :
                    List.of(
                            "sampling",
                            "prefill",
                            "forced_tools",
                            "system_turns",
                            "web_search_tool"))
                assertTrue(rules.has(name), kind.getKey() + " lacks " + name);
            assertDoesNotThrow(() ->
                    ModelRules.Sampling.valueOf(
                            rules.path("sampling").asString().toUpperCase(java.util.Locale.ROOT)));
        }
        assertEquals(1, capabilities.size(), capabilities.toString());
    }

    private static Set<String> names(JsonNode object) {
        var names = new HashSet<String>();
        object.properties().forEach(field -> names.add(field.getKey()));
        return names;
    }
}
