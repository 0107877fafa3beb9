package ccproxy.convert;

import ccproxy.wire.Digests;
import ccproxy.wire.Field;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of a Chat Completions request that are neither messages nor tools nor about how the
/// model thinks.
final class ChatFields {
    /// The longest `metadata.user_id` of the API.
    private static final int USER_CHARACTERS_MAX = 256;

    private static final Pattern PERSONAL = Pattern.compile(".*@.*|\\+?[0-9][0-9 ()./-]{6,}");

    /// Taken as they are: fields of the Messages API that Chat Completions does not have.
    private static final List<String> PASSED =
            List.of(
                    "cache_control",
                    "container",
                    "context_management",
                    "inference_geo",
                    "mcp_servers",
                    "speed",
                    "diagnostics",
                    "fallbacks",
                    "output_config",
                    "output_format",
                    "thread",
                    "billing_policy");

    /// What the API knows some of them by. A client of Chat Completions hardly knows of betas.
    private static final Map<String, String> BETAS =
            Map.of(
                    "context_management", "context-management-2025-06-27",
                    "fallbacks", "server-side-fallback-2026-07-01",
                    "mcp_servers", "mcp-client-2025-11-20",
                    "output_format", "structured-outputs-2025-11-13",
                    "thread", "message-threads-2026-08-12");

    private static final String COMPACTION_BETA = "compact-2026-01-12";

    /// Read elsewhere, or without a counterpart and without an effect that a client could miss.
    private static final Set<String> SILENT =
            Set.of(
                    "model",
                    "messages",
                    "max_tokens",
                    "max_completion_tokens",
                    "temperature",
                    "top_p",
                    "top_k",
                    "n",
                    "stop",
                    "stop_sequences",
                    "stream",
                    "stream_options",
                    "tools",
                    "tool_choice",
                    "parallel_tool_calls",
                    "functions",
                    "function_call",
                    "response_format",
                    "reasoning_effort",
                    "reasoning",
                    "thinking",
                    "user",
                    "safety_identifier",
                    "metadata",
                    "prompt_cache_key",
                    "prompt_cache_retention",
                    "prompt_cache_options",
                    "service_tier",
                    "store",
                    "modalities",
                    "web_search_options",
                    "system");

    private final Field request;
    private final Warnings warnings;

    ChatFields(Field request, Warnings warnings) {
        this.request = request;
        this.warnings = warnings;
    }

    /// Writes those that the Messages API knows by the same name.
    void pass(ObjectNode body) {
        for (String name : PASSED) {
            Field field = request.get(name);
            if (field.isPresent()) body.set(name, field.value().deepCopy());
        }
    }

    /// {@return the betas that those need}
    Set<String> betas() {
        var betas = new TreeSet<String>();
        BETAS.forEach((name, beta) -> {
            if (request.get(name).isPresent()) betas.add(beta);
        });
        for (JsonNode edit : request.value().path("context_management").path("edits")) {
            if (edit.path("type").asString("").startsWith("compact_")) betas.add(COMPACTION_BETA);
        }
        return betas;
    }

    /// Writes those that have a counterpart of another name or shape, and warns of those without
    /// one.
    void write(ObjectNode body) {
        Field n = request.get("n");
        if (n.isPresent() && n.integer(1, 128) > 1)
            throw n.invalid("expected 1, found " + n.integer(1, 128));
        user(body);
        serviceTier(body);
        Field modalities = request.get("modalities");
        if (modalities.isPresent()) {
            for (Field one : modalities.elements()) {
                if (!one.text().equals("text")) throw one.expectedOneOf("text");
            }
        }
        unknown();
    }

    private void user(ObjectNode body) {
        Field user = request.get("user");
        if (!user.isPresent()) user = request.get("safety_identifier");
        String id = user.text("");
        if (id.isEmpty()) return;
        // The API refuses what names a person.
        if (PERSONAL.matcher(id).matches() || id.length() > USER_CHARACTERS_MAX)
            id = Digests.sha256(id);
        body.putObject("metadata").put("user_id", id);
    }

    private void serviceTier(ObjectNode body) {
        Field field = request.get("service_tier");
        if (!field.isPresent()) return;
        switch (field.text()) {
            case "auto" -> body.put("service_tier", "auto");
            case "default", "standard_only" -> body.put("service_tier", "standard_only");
            case "flex" -> {
                body.put("service_tier", "standard_only");
                warnings.note("service_tier", "standard_only");
            }
            default -> {
                body.put("service_tier", "auto");
                warnings.note("service_tier", "auto");
            }
        }
    }

    /// Everything that nothing above has read is named; a value that asks for nothing is not.
    private void unknown() {
        for (var field : ((ObjectNode) request.value()).properties()) {
            String name = field.getKey();
            if (SILENT.contains(name) || PASSED.contains(name)) continue;
            if (asksNothing(name, field.getValue())) continue;
            warnings.add(name, "dropped");
        }
    }

    /// A zero asks for something where it is no amount.
    private static boolean asksNothing(String name, JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isNumber() && value.asDouble(1) == 0 && !name.equals("seed"))
                || (value.isContainer() && value.isEmpty());
    }
}
