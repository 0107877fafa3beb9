package ccproxy.claude;

import ccproxy.wire.Ascii;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The models as they ship (`models.json`); read when first asked for, which a start can have done
/// beside other work. Nobody changes what it gives.
final class ShippedModels {
    /// `claude-x-4-20250514`, `claude-x-4@20250514`, `claude-x-latest`: the same model by date.
    private static final int DATE_DIGITS = 8;

    private static final List<String> NEWEST_NAMES = List.of("-latest", "-0");

    private static final ObjectNode DATA = ShippedData.of("models.json");

    /// The model whose rules are those of models that nobody knows.
    static final String NEWEST = DATA.path("newest").asString();

    /// Short names and what they stand for.
    static final Map<String, String> ALIASES =
            Collections.unmodifiableMap(texts(DATA.path("aliases")));

    /// From other providers' names to ours.
    static final ModelMapping MAPPING = ModelMapping.of(texts(DATA.path("mapping")));

    private static final Map<String, String> KINDS = new HashMap<>();

    /// Each model in the shape of the upstream's list.
    static final List<ObjectNode> ALL = all();

    /// By id.
    static final Map<String, ModelRules> RULES = rules();

    private ShippedModels() {}

    private static Map<String, String> texts(JsonNode object) {
        var texts = new LinkedHashMap<String, String>();
        for (var entry : object.properties())
            texts.put(entry.getKey(), entry.getValue().asString());
        return texts;
    }

    private static List<ObjectNode> all() {
        var all = new ArrayList<ObjectNode>();
        for (JsonNode given : DATA.path("models")) {
            ObjectNode model = Json.object().put("type", "model");
            model.setAll((ObjectNode) given);
            String kind = model.remove("kind").asString();
            model.set("capabilities", DATA.path("kinds").path(kind).path("capabilities"));
            KINDS.put(model.path("id").asString(""), kind);
            all.add(model);
        }
        return List.copyOf(all);
    }

    private static Map<String, ModelRules> rules() {
        var rules = new HashMap<String, ModelRules>();
        for (ObjectNode model : ALL) {
            String id = model.path("id").asString();
            rules.put(id, ModelRules.of(model, rulesOf(id)));
        }
        return Map.copyOf(rules);
    }

    /// {@return the rules that are known, and those of `models` as an upstream tells them}
    ///
    /// @param models the `data` of `GET /v1/models`
    static Map<String, ModelRules> learned(Map<String, ModelRules> rules, JsonNode models) {
        var learned = new HashMap<>(rules);
        for (JsonNode model : models) {
            String id = model.path("id").asString("");
            if (id.isEmpty()) continue;
            ObjectNode known = known(id);
            merge((ObjectNode) known.path("capabilities"), model.path("capabilities"));
            if (model.path("max_tokens").isIntegralNumber())
                known.set("max_tokens", model.path("max_tokens"));
            learned.put(id, ModelRules.of(known.put("id", id), rulesOf(id)));
        }
        return Map.copyOf(learned);
    }

    /// What is told replaces what was known; what is not told, or not in a shape that we know,
    /// stays.
    private static void merge(ObjectNode known, JsonNode told) {
        for (var field : told.properties()) {
            if (known.path(field.getKey()) instanceof ObjectNode inner) {
                merge(inner, field.getValue());
            } else if (!field.getValue().isNull()) {
                known.set(field.getKey(), field.getValue());
            }
        }
    }

    /// What ships of a model or, when it does not, of the newest; a copy.
    private static ObjectNode known(String id) {
        for (String name : List.of(id, undated(id), NEWEST)) {
            for (ObjectNode model : ALL) {
                if (model.path("id").asString().equals(name)) return model.deepCopy();
            }
        }
        throw new IllegalStateException("models.json does not hold its newest model");
    }

    /// {@return what the upstream does not tell of a model, or of the newest when it is not known}
    static JsonNode rulesOf(String id) {
        String kind = KINDS.getOrDefault(id, KINDS.getOrDefault(undated(id), KINDS.get(NEWEST)));
        return DATA.path("kinds").path(kind).path("rules");
    }

    /// {@return the name without its date}
    static String undated(String id) {
        int date = id.length() - 1 - DATE_DIGITS;
        if (date > 0
                && "-@".indexOf(id.charAt(date)) >= 0
                && Ascii.isDigits(id, date + 1, id.length())) return id.substring(0, date);
        for (String newest : NEWEST_NAMES) {
            if (id.length() > newest.length() && id.endsWith(newest))
                return id.substring(0, id.length() - newest.length());
        }
        return id;
    }
}
