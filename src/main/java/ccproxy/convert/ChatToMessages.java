package ccproxy.convert;

import ccproxy.wire.ApiVersion;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.ModelRules;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A Chat Completions request as a Messages request. A pure function of the request and its
/// options: the same conversation one turn longer gives the same bytes and the new turn.
public final class ChatToMessages {
    /// What a client that names no limit gets, where the model can: room for a long answer.
    static final int TOKENS_DEFAULT_MAX = 32_000;

    private final Options options;
    private final Warnings warnings;
    private final Field request;
    private final ToolNames names = new ToolNames();
    private final ChatHistory history;
    private final ChatTools tools;
    private final ChatThinking thinking;
    private final StructuredOutput structured;
    private final ChatFields fields;

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
        this.history = new ChatHistory(options, warnings, names);
        this.tools = new ChatTools(options.rules(), warnings, names);
        this.thinking = new ChatThinking(options.rules(), warnings);
        this.structured = new StructuredOutput(options.rules(), warnings);
        this.fields = new ChatFields(request, warnings);
    }

    /// {@return the model that a request names}
    ///
    /// @throws ccproxy.wire.ApiException as [MessagesRequest#model(Field)]
    public static String model(ObjectNode raw) {
        return MessagesRequest.model(Field.root(raw));
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
        history.read(request.get("messages"));
        history.system().addAll(ChatContent.texts(request.get("system")));
        tools.read(request);
        int tokensMax = tokensMax();
        thinking.read(request, options.suffixEffort(), tokensMax);
        if (history.lacksThinking()) thinking.historyLacksThinking();
        if (!display.reasoning().equals("hide")) thinking.show(tools.isEmpty());
        structured.read(request, tools, thinking.isOn());
        boolean isForbidden = thinking.isOn() || !options.rules().hasForcedTools();
        if (tools.choice().isForced() && isForbidden) {
            history.system().add(ChatContent.text(tools.choice().relaxed()));
            warnings.add("tool_choice", "auto");
        }
        tools.rebuild(history.calledTools());
        var converted = MessagesRequest.of(body(tokensMax));
        return new Converted(converted, betas(), new MessagesToChat(plan(display), warnings));
    }

    private ObjectNode body(int tokensMax) {
        ObjectNode body = Json.object().put("model", options.rules().id());
        body.put("max_tokens", tokensMax);
        fields.pass(body);
        structured.write(body, history.system());
        tools.write(body);
        if (!history.system().isEmpty()) body.set("system", history.system());
        body.set("messages", history.messages());
        thinking.write(body);
        sampling().write(request, body);
        fields.write(body);
        if (request.get("prompt_cache_retention").text("").equals("24h")) CacheMarks.extend(body);
        CacheMarks.limit(body, warnings);
        return body.put("stream", request.get("stream").flag(false));
    }

    private ChatPlan plan(Display display) {
        Field streamOptions = request.get("stream_options");
        if (streamOptions.isPresent()) streamOptions.object();
        return new ChatPlan(
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
                streamOptions.get("include_usage").flag(false),
                display.reasoning());
    }

    private ChatSampling sampling() {
        boolean isVersionWithout = ApiVersion.isStrict(options.apiVersion());
        return new ChatSampling(options.rules(), warnings, thinking.isOn(), isVersionWithout);
    }

    private int tokensMax() {
        Field field = request.get("max_completion_tokens");
        if (!field.isPresent()) field = request.get("max_tokens");
        int most = options.rules().tokensMax();
        if (most <= 0) most = Integer.MAX_VALUE; // Not known: the upstream will say.
        if (!field.isPresent()) return Math.min(most, TOKENS_DEFAULT_MAX);
        int wanted = field.integer(1, Integer.MAX_VALUE);
        if (wanted <= most) return wanted;
        warnings.add(field.path(), "clamped(" + most + ")");
        return most;
    }

    private Set<String> betas() {
        Set<String> betas = fields.betas();
        betas.addAll(thinking.betas());
        return betas;
    }
}
