package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.ModelRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A Chat Completions request as a Messages request. A pure function of the request and its
/// options: the same conversation one turn longer gives the same bytes and the new turn.
public final class ChatToMessages {
    /// What a client that names no limit gets, where the model can: room for a long answer.
    static final int TOKENS_DEFAULT_MAX = 32_000;

    /// The version of the API that knows no sampling fields.
    private static final String VERSION_WITHOUT_SAMPLING = "2026-10-21";

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
                    "output_config");

    /// Known, and without a counterpart: the first list changes nothing that a client could miss.
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
                    "session_id");

    private final Options options;
    private final Warnings warnings;
    private final Field request;
    private final ToolNames names = new ToolNames();

    /// What the translation depends on beside the request.
    ///
    /// @param rules of the model
    /// @param suffixEffort the effort that the model's name asked for, or `""`
    /// @param apiVersion the upstream's
    /// @param isContinuing whether a session holds what came before
    /// @param thinkingOf the kept `reasoning_details` of the answer that made a call; empty if none
    public record Options(
            ModelRules rules,
            String suffixEffort,
            String apiVersion,
            boolean isContinuing,
            Function<String, List<ObjectNode>> thinkingOf) {}

    /// How answers are shown.
    ///
    /// @param created seconds since 1970
    /// @param fallbackId for an answer that has no id
    /// @param fingerprint the `system_fingerprint`
    /// @param reasoning `field`, `tags` or `hide`
    public record Display(long created, String fallbackId, String fingerprint, String reasoning) {}

    /// A converted request.
    ///
    /// @param request as the Messages API wants it
    /// @param betas what must be in `anthropic-beta`
    /// @param answers makes the client's form of the answer
    public record Converted(MessagesRequest request, Set<String> betas, MessagesToChat answers) {}

    private ChatToMessages(ObjectNode raw, Options options, Warnings warnings) {
        this.request = Field.root(raw);
        this.options = options;
        this.warnings = warnings;
    }

    /// {@return the model that a request names}
    ///
    /// @throws ccproxy.wire.ApiException when it names none
    public static String model(ObjectNode raw) {
        return Field.root(raw).get("model").nonEmptyText();
    }

    /// {@return whether the client wants a stream}
    public static boolean isStream(ObjectNode raw) {
        return Field.root(raw).get("stream").flag(false);
    }

    /// {@return whether the conversation in the request has an answer in it}
    public static boolean hasAssistant(ObjectNode raw) {
        for (JsonNode message : raw.path("messages")) {
            if (message.path("role").asString("").equals("assistant")) return true;
        }
        return false;
    }

    /// {@return the request for the upstream, and how to show its answer}
    ///
    /// @throws ccproxy.wire.ApiException names the first field that cannot be converted
    public static Converted convert(
            ObjectNode raw, Options options, Display display, Warnings warnings) {
        return new ChatToMessages(raw, options, warnings).convert(display);
    }

    private Converted convert(Display display) {
        ModelRules rules = options.rules();
        var history = new ChatHistory(options, warnings, names);
        history.read(request.get("messages"));
        var tools = new ChatTools(rules, warnings, names);
        tools.read(request);
        int tokensMax = tokensMax();
        var thinking = new ChatThinking(rules, warnings);
        thinking.read(request, options.suffixEffort(), tokensMax);
        if (history.lacksThinking()) thinking.historyLacksThinking();

        var structured = new StructuredOutput(rules, warnings);
        structured.read(request, tools, thinking.isOn());
        ArrayNode system = history.system();
        if (tools.isForced() && (thinking.isOn() || !rules.hasForcedTools())) {
            system.add(ChatContent.text(tools.relaxed()));
            warnings.add("tool_choice", "auto");
        }
        tools.rebuild(history.calledTools());

        ObjectNode body = Json.object().put("model", rules.id()).put("max_tokens", tokensMax);
        for (String name : PASSED) {
            if (request.get(name).isPresent()) body.set(name, request.get(name).value().deepCopy());
        }
        structured.write(body, system);
        tools.write(body);
        if (!system.isEmpty()) body.set("system", system);
        body.set("messages", history.messages());
        thinking.write(body);
        sampling(thinking).write(request, body);
        rest(body);
        CacheMarks.limit(body, warnings);

        boolean isStream = request.get("stream").flag(false);
        body.put("stream", isStream);
        Field streamOptions = request.get("stream_options");
        boolean includeUsage =
                streamOptions.isPresent() && streamOptions.get("include_usage").flag(false);
        var plan =
                new ChatPlan(
                        display.fallbackId(),
                        display.created(),
                        model((ObjectNode) request.value()),
                        display.fingerprint(),
                        names,
                        tools.custom(),
                        tools.isLegacy(),
                        structured.answerTool(),
                        structured.isWrapped(),
                        structured.isJson(),
                        includeUsage,
                        display.reasoning());
        return new Converted(
                MessagesRequest.of(body), betas(thinking), new MessagesToChat(plan, warnings));
    }

    private ChatSampling sampling(ChatThinking thinking) {
        boolean isVersionWithout = options.apiVersion().compareTo(VERSION_WITHOUT_SAMPLING) >= 0;
        return new ChatSampling(options.rules(), warnings, thinking.isOn(), isVersionWithout);
    }

    private int tokensMax() {
        Field field = request.get("max_completion_tokens");
        if (!field.isPresent()) field = request.get("max_tokens");
        int most = options.rules().tokensMax();
        if (!field.isPresent()) return Math.min(most, TOKENS_DEFAULT_MAX);
        int wanted = field.integer(1, Integer.MAX_VALUE);
        if (wanted <= most) return wanted;
        warnings.add(field.path(), "clamped(" + most + ")");
        return most;
    }

    private Set<String> betas(ChatThinking thinking) {
        var betas = new TreeSet<String>();
        if (!thinking.beta().isEmpty()) betas.add(thinking.beta());
        return betas;
    }

    /// The fields that are neither messages nor tools nor about how the model thinks.
    private void rest(ObjectNode body) {
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
        if (PERSONAL.matcher(id).matches()) id = ToolNames.sha256(id);
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
        var unknown = new ArrayList<String>();
        for (var field : ((ObjectNode) request.value()).properties()) {
            String name = field.getKey();
            if (SILENT.contains(name) || PASSED.contains(name) || asksNothing(field.getValue()))
                continue;
            unknown.add(name);
        }
        for (String name : unknown) warnings.add(name, "dropped");
    }

    private static boolean asksNothing(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isNumber() && value.doubleValue() == 0)
                || (value.isContainer() && value.isEmpty());
    }
}
