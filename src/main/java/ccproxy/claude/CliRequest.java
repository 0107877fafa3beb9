package ccproxy.claude;

import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.ModelRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A Messages request as the CLI is told of it. The CLI merges `CLAUDE_CODE_EXTRA_BODY` last into
/// the body that it sends, so everything a client said stands there, word for word: no client text
/// ever passes the CLI's own reading of input (`@file`, `/command`), and no turn of the history has
/// to be played to it. Only the system text goes another way, since a login's requests begin with
/// system blocks of the CLI's own.
final class CliRequest {
    /// The CLI marks its own two system blocks when caching is on; the API takes four in all.
    private static final int MARKS_MAX = 2;

    private final Turn turn;
    private final ModelRules rules;
    private final boolean hasOwnTools;
    private final Map<String, String> notes = new LinkedHashMap<>();

    /// What a process is told once and cannot be told anew.
    ///
    /// @param system the system text, `""` for none
    /// @param betas comma-separated, `""` for none
    /// @param model that it was started with, `""` when each request brings its own
    /// @param conversation the conversation that it holds, `""` for none
    record Kind(String system, String betas, String model, String conversation) {}

    /// @param rules of the turn's model
    /// @param hasOwnTools whether the CLI's own tools take part: then the conversation is the CLI's
    CliRequest(Turn turn, ModelRules rules, boolean hasOwnTools) {
        this.turn = turn;
        this.rules = rules;
        this.hasOwnTools = hasOwnTools;
    }

    /// {@return what a process has to be told once}
    Kind kind(String conversation) {
        // A change of model in between is a part of the conversation for older versions.
        String model = conversation.isEmpty() ? "" : turn.request().model();
        return new Kind(system(turn.request()), betas(), model, conversation);
    }

    Turn turn() {
        return turn;
    }

    /// {@return a request's system text}: blocks become one, joined by blank lines
    static String system(MessagesRequest request) {
        JsonNode system = request.raw().path("system");
        if (system.isString()) return system.stringValue();
        var texts = new ArrayList<String>();
        for (JsonNode block : system) {
            String text = block.path("text").asString("");
            if (!text.isEmpty()) texts.add(text);
        }
        return String.join("\n\n", texts);
    }

    private String betas() {
        Map<String, List<String>> headers = turn.headers().forwarded();
        var betas = ClientHeaders.betas(headers.getOrDefault("anthropic-beta", List.of()));
        // Which credentials are used is the CLI's own affair.
        betas.remove(ClientHeaders.OAUTH_BETA);
        return String.join(",", betas);
    }

    /// {@return `initialize` for a process of this kind}
    static ObjectNode initialize(Kind kind) {
        ObjectNode request = Json.object().put("subtype", "initialize").putNull("hooks");
        if (!kind.system().isEmpty()) request.put("systemPrompt", kind.system());
        return request;
    }

    /// {@return `apply_flag_settings` with every value of this request; none of an earlier one
    /// stays}
    ObjectNode settings() {
        boolean isCaching = hasOwnTools || hasSystemMarks();
        // An agent's process has its model from its start.
        String model = hasOwnTools ? "" : turn.request().model();
        return settings(model, Json.text(body()), betas(), isCaching);
    }

    /// {@return `apply_flag_settings` that leaves nothing of a request behind}
    static ObjectNode blank() {
        ObjectNode request = settings("", "", "", false);
        ((ObjectNode) request.path("settings")).putNull("model");
        return request;
    }

    private static ObjectNode settings(String model, String body, String betas, boolean isCaching) {
        ObjectNode request = Json.object().put("subtype", "apply_flag_settings");
        ObjectNode settings = request.putObject("settings");
        if (!model.isEmpty()) settings.put("model", model);
        settings.putObject("env")
                .put("CLAUDE_CODE_EXTRA_BODY", body)
                .put("ANTHROPIC_BETAS", betas)
                .put("DISABLE_PROMPT_CACHING", isCaching ? "0" : "1");
        return request;
    }

    private ObjectNode body() {
        ObjectNode raw = turn.request().raw();
        ObjectNode body = Json.object();
        for (var field : raw.properties()) {
            switch (field.getKey()) {
                // The CLI always asks for a stream, and says who asks.
                case "system", "stream", "metadata" -> {}
                case "messages" -> {
                    if (!hasOwnTools) body.set("messages", own(turn.request().messages()));
                }
                case "tools", "tool_choice" -> {
                    if (!hasOwnTools) body.set(field.getKey(), field.getValue());
                }
                default -> body.set(field.getKey(), field.getValue());
            }
        }
        putDefaults(body);
        return body;
    }

    /// What an agent's answer told of the CLI's doings (`sdk.message_mode`) comes back in the
    /// history, and the API knows no such blocks.
    private static ArrayNode own(ArrayNode messages) {
        if (messages.valueStream().noneMatch(CliRequest::hasDoings)) return messages;
        ArrayNode own = Json.array();
        for (JsonNode message : messages) {
            ArrayNode content = Json.array();
            for (JsonNode block : message.path("content"))
                if (!CliDoings.isBlock(block)) content.add(block);
            if (!hasDoings(message)) own.add(message);
            else if (!content.isEmpty())
                own.add(Json.objectOrEmpty(message).deepCopy().set("content", content));
        }
        return own;
    }

    private static boolean hasDoings(JsonNode message) {
        return message.path("content").valueStream().anyMatch(CliDoings::isBlock);
    }

    /// Where the CLI's own defaults are not the API's, the API's are named.
    private void putDefaults(ObjectNode body) {
        ObjectNode output = Json.objectOrEmpty(body.path("output_config")).deepCopy();
        // Where effort is a beta, the CLI leaves it away unless it sends the beta too.
        boolean hasEffort = rules.efforts().contains("high") && rules.effortBeta().isEmpty();
        if (!output.has("effort") && hasEffort) {
            body.set("output_config", output.put("effort", "high"));
        }
        if (body.has("thinking")) return;
        if (rules.thinking().contains("disabled")) {
            body.putObject("thinking").put("type", "disabled");
        } else if (rules.thinking().contains("adaptive")) {
            body.putObject("thinking").put("type", "adaptive");
        }
    }

    private boolean hasSystemMarks() {
        MessagesRequest request = turn.request();
        JsonNode raw = request.raw();
        if (hasOwnTools || marks(raw.path("system")) == 0) return false;
        int others = marks(request.messages()) + (raw.has("cache_control") ? 1 : 0);
        // Tools come before the system text, and a longer-lived mark may not follow a shorter one.
        return others <= MARKS_MAX && marks(raw.path("tools")) == 0;
    }

    private static int marks(JsonNode node) {
        int marks = node.path("cache_control").isObject() ? 1 : 0;
        if (node.isArray()) for (JsonNode item : node) marks += marks(item);
        else if (node.path("content").isArray()) marks += marks(node.path("content"));
        return marks;
    }

    /// {@return what of the request does not reach the upstream as it was given, and what becomes
    /// of it}
    Map<String, String> notes() {
        JsonNode raw = turn.request().raw();
        if (raw.has("metadata")) notes.put("metadata", "dropped");
        boolean hasMarks = !hasOwnTools && marks(raw.path("system")) > 0;
        if (hasMarks && !hasSystemMarks()) notes.put("system.cache_control", "dropped");
        return notes;
    }
}
