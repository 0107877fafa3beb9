package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What is known of the models: a snapshot that ships as data (`models.json`), made newer by what
/// the upstream's `GET /v1/models` tells. Names resolve by the user's rules, then the built-in
/// ones, then aliases; an unknown model passes through with the rules of the newest family.
public final class ModelCatalog {
    /// `claude-x-4-20250514`, `claude-x-4@20250514`, `claude-x-latest`: the same model by date.
    private static final int DATE_DIGITS = 8;

    private static final List<String> NEWEST = List.of("-latest", "-0");

    private static final Pattern SUFFIX =
            Pattern.compile(
                    "(.+?)(\\[1m\\]|-thinking|:(?:none|minimal|low|medium|high|xhigh|max))");

    private final ModelMapping userMapping;
    private final ModelMapping builtInMapping;
    private final Map<String, String> aliases = new LinkedHashMap<>();
    private final ObjectNode kinds;
    private final String newest;
    private final List<ObjectNode> snapshot = new ArrayList<>();
    private final Map<String, String> kindOf = new HashMap<>();
    private volatile Map<String, ModelRules> rules = Map.of();

    /// As the upstream told them, by id.
    private volatile Map<String, JsonNode> told = Map.of();

    /// A name resolved.
    ///
    /// @param model for the upstream
    /// @param effort that the name's suffix asks for, or `""`
    /// @param betas that the name's suffix needs
    public record Resolved(String model, String effort, Set<String> betas) {}

    /// @param userMapping the user's rules, tried first
    public ModelCatalog(ModelMapping userMapping) {
        this.userMapping = userMapping;
        ObjectNode data = data();
        newest = data.path("newest").asString();
        kinds = (ObjectNode) data.path("kinds");
        builtInMapping = ModelMapping.of(texts(data.path("mapping")));
        aliases.putAll(texts(data.path("aliases")));
        for (JsonNode model : data.path("models")) snapshot(model);
        learn(Json.array().addAll(snapshot));
    }

    private static ObjectNode data() {
        try (InputStream in = ModelCatalog.class.getResourceAsStream("models.json")) {
            return Json.object("models.json", in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> texts(JsonNode object) {
        var texts = new LinkedHashMap<String, String>();
        for (var entry : object.properties())
            texts.put(entry.getKey(), entry.getValue().asString());
        return texts;
    }

    /// One of ours in the shape of the upstream's list.
    private void snapshot(JsonNode given) {
        ObjectNode model = Json.object().put("type", "model");
        model.setAll((ObjectNode) given);
        String kind = model.remove("kind").asString();
        model.set("capabilities", kinds.path(kind).path("capabilities"));
        kindOf.put(model.path("id").asString(), kind);
        snapshot.add(model);
    }

    /// Learns the capabilities that an upstream tells of its models.
    ///
    /// @param models the `data` of `GET /v1/models`
    public void refresh(JsonNode models) {
        learn(models);
        var all = new HashMap<String, JsonNode>();
        for (JsonNode model : models) all.put(model.path("id").asString(""), model);
        told = Map.copyOf(all);
    }

    /// {@return what [#refresh] last told of a model; empty when nothing}
    JsonNode told(String model) {
        return told.getOrDefault(model, Json.object());
    }

    private void learn(JsonNode models) {
        var learned = new HashMap<>(rules);
        for (JsonNode model : models) {
            String id = model.path("id").asString("");
            if (id.isEmpty()) continue;
            ObjectNode known = known(id);
            merge((ObjectNode) known.path("capabilities"), model.path("capabilities"));
            if (model.path("max_tokens").isIntegralNumber())
                known.set("max_tokens", model.path("max_tokens"));
            learned.put(id, ModelRules.of(known.put("id", id), kind(id).path("rules")));
        }
        rules = Map.copyOf(learned);
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

    /// What the snapshot knows of a model or, when it does not know it, of the newest.
    private ObjectNode known(String id) {
        for (String name : List.of(id, undated(id), newest)) {
            for (ObjectNode model : snapshot) {
                if (model.path("id").asString().equals(name)) return model.deepCopy();
            }
        }
        throw new IllegalStateException("models.json does not hold its newest model");
    }

    private JsonNode kind(String id) {
        String kind = kindOf.getOrDefault(id, kindOf.getOrDefault(undated(id), kindOf.get(newest)));
        return kinds.path(kind);
    }

    /// {@return the name without its date}
    static String undated(String id) {
        int date = id.length() - 1 - DATE_DIGITS;
        if (date > 0 && "-@".indexOf(id.charAt(date)) >= 0 && isDigits(id, date + 1))
            return id.substring(0, date);
        for (String newest : NEWEST) {
            if (id.length() > newest.length() && id.endsWith(newest))
                return id.substring(0, id.length() - newest.length());
        }
        return id;
    }

    private static boolean isDigits(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        }
        return true;
    }

    /// {@return the rules of a model, under the name it was asked for}
    public ModelRules rules(String model) {
        Map<String, ModelRules> known = rules;
        ModelRules exact = known.get(model);
        if (exact != null) return exact;
        ModelRules other = known.getOrDefault(undated(model), known.get(newest));
        return other.named(model);
    }

    /// {@return the model for a name, for requests that pass unread but for it}
    public String resolve(String name) {
        String mapped = userMapping.resolve(name);
        if (mapped.equals(name) && !isKnown(name)) mapped = builtInMapping.resolve(name);
        return aliases.getOrDefault(mapped, mapped);
    }

    /// {@return the model for a name that may end in `[1m]`, `-thinking` or `:effort`}; a user's
    /// own rule for the whole name goes first
    public Resolved resolveWithSuffix(String name) {
        Matcher suffix = SUFFIX.matcher(name);
        boolean isMapped = !userMapping.resolve(name).equals(name);
        if (isMapped || isKnown(name) || !suffix.matches())
            return new Resolved(resolve(name), "", Set.of());
        Resolved inner = resolveWithSuffix(suffix.group(1));
        return switch (suffix.group(2)) {
            case "[1m]" -> new Resolved(inner.model, inner.effort, contextBeta(inner.model));
            case "-thinking" -> new Resolved(inner.model, "medium", inner.betas);
            case String effort -> new Resolved(inner.model, effort.substring(1), inner.betas);
        };
    }

    private Set<String> contextBeta(String model) {
        String beta = kind(model).path("rules").path("context_beta").asString("");
        return beta.isEmpty() ? Set.of() : Set.of(beta);
    }

    /// {@return whether a model of exactly this name is known, of which there are so many}
    public boolean isListed(String model) {
        return rules.containsKey(model);
    }

    private boolean isKnown(String name) {
        return rules.containsKey(name) || rules.containsKey(undated(name));
    }

    /// {@return the aliases and the models they stand for}
    public Map<String, String> aliases() {
        return aliases;
    }

    /// {@return the snapshot as `GET /v1/models` would tell it}
    byte[] list() {
        ArrayNode data = Json.array();
        snapshot.forEach(data::add);
        return list(data);
    }

    /// {@return models as `GET /v1/models` would tell them; at least one}
    static byte[] list(ArrayNode data) {
        ObjectNode list = Json.object();
        list.set("data", data);
        list.set("first_id", data.get(0).path("id"));
        list.set("last_id", data.get(data.size() - 1).path("id"));
        return Json.bytes(list.put("has_more", false));
    }

    /// {@return the model `id` or of the alias `id` as `GET /v1/models/{id}` would tell it; empty
    /// when there is none}
    byte[] one(String id) {
        String name = aliases.getOrDefault(id, id);
        for (ObjectNode model : snapshot) {
            String known = model.path("id").asString();
            if (known.equals(name) || known.equals(undated(name))) return Json.bytes(model);
        }
        return new byte[0];
    }
}
