package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.HashMap;
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
    private static final Pattern SUFFIX =
            Pattern.compile(
                    "(.+?)(\\[1m\\]|-thinking|:(?:none|minimal|low|medium|high|xhigh|max))");

    private final ModelMapping userMapping;

    /// Null until the upstream has told of its models.
    private volatile Map<String, ModelRules> learned;

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
    }

    /// Reads what ships now, on the thread that calls; else the first request does.
    public static void load() {
        ShippedModels.RULES.size();
    }

    private Map<String, ModelRules> known() {
        Map<String, ModelRules> told = learned;
        return told == null ? ShippedModels.RULES : told;
    }

    /// Learns the capabilities that an upstream tells of its models.
    ///
    /// @param models the `data` of `GET /v1/models`
    public void refresh(JsonNode models) {
        learned = ShippedModels.learned(known(), models);
        var all = new HashMap<String, JsonNode>();
        for (JsonNode model : models) all.put(model.path("id").asString(""), model);
        told = Map.copyOf(all);
    }

    /// {@return what [#refresh] last told of a model; empty when nothing}
    JsonNode told(String model) {
        return told.getOrDefault(model, Json.object());
    }

    /// {@return the rules of a model, under the name it was asked for}
    public ModelRules rules(String model) {
        Map<String, ModelRules> known = known();
        ModelRules exact = known.get(model);
        if (exact != null) return exact;
        ModelRules other =
                known.getOrDefault(ShippedModels.undated(model), known.get(ShippedModels.NEWEST));
        return other.named(model);
    }

    /// {@return the model for a name, for requests that pass unread but for it}
    public String resolve(String name) {
        String mapped = userMapping.resolve(name);
        if (mapped.equals(name) && !isKnown(name)) mapped = ShippedModels.MAPPING.resolve(name);
        return aliases().getOrDefault(mapped, mapped);
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
        String beta = ShippedModels.rulesOf(model).path("context_beta").asString("");
        return beta.isEmpty() ? Set.of() : Set.of(beta);
    }

    /// {@return whether a model of exactly this name is known, of which there are so many}
    public boolean isListed(String model) {
        return known().containsKey(model);
    }

    private boolean isKnown(String name) {
        return isListed(name) || isListed(ShippedModels.undated(name));
    }

    /// {@return the aliases and the models they stand for}
    public Map<String, String> aliases() {
        return ShippedModels.ALIASES;
    }

    /// {@return the snapshot as `GET /v1/models` would tell it}
    byte[] list() {
        ArrayNode data = Json.array();
        ShippedModels.ALL.forEach(data::add);
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
        String name = aliases().getOrDefault(id, id);
        for (ObjectNode model : ShippedModels.ALL) {
            String known = model.path("id").asString();
            if (known.equals(name) || known.equals(ShippedModels.undated(name)))
                return Json.bytes(model);
        }
        return new byte[0];
    }
}
