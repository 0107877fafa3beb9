package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.convert.ChatToMessages.Converted;
import ccproxy.convert.ChatToMessages.Display;
import ccproxy.convert.ChatToMessages.Options;
import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// One converted request, to be asked about. JSON in tests is written with single quotes.
///
/// @param body what goes upstream
/// @param warnings the header
record Conversion(ObjectNode body, String warnings, Set<String> betas, MessagesToChat answers) {
    static final String VERSION = "2023-06-01";
    static final Display DISPLAY = new Display(1_767_225_600, "chatcmpl-0", "fp_1", "field");
    private static final Function<String, List<ObjectNode>> NOTHING_KEPT = _ -> List.of();

    static Options options(ModelRules rules) {
        return new Options(rules, "", VERSION, false, NOTHING_KEPT);
    }

    static String strict(String json) {
        return json.replace('\'', '"');
    }

    static Conversion of(ObjectNode raw, Options options, Display display) {
        var warnings = new Warnings(false);
        Converted converted = ChatToMessages.convert(raw, options, display, warnings);
        // As bytes and back: what cannot be written has not been converted.
        ObjectNode body = Json.object("body", converted.request().body());
        return new Conversion(body, warnings.header(), converted.betas(), converted.answers());
    }

    static Conversion of(String json, Options options) {
        byte[] bytes = strict(json).getBytes(StandardCharsets.UTF_8);
        return of(Json.object("body", bytes), options, DISPLAY);
    }

    static Conversion of(ModelRules rules, String json) {
        return of(json, options(rules));
    }

    /// A request of one question with more fields, each `,'name':value`.
    static Conversion asked(ModelRules rules, String more) {
        return of(rules, "{'model':'m','messages':[{'role':'user','content':'hi'}]" + more + "}");
    }

    /// A request of these messages.
    static Conversion messages(ModelRules rules, String... messages) {
        return of(rules, "{'model':'m','messages':[" + String.join(",", messages) + "]}");
    }

    /// What stands at a JSON pointer, with single quotes; `""` for nothing.
    String at(String pointer) {
        JsonNode found = body.at(pointer);
        return found.isMissingNode() ? "" : Json.text(found).replace('"', '\'');
    }

    Conversion has(String pointer, String expected) {
        assertEquals(expected, at(pointer), pointer);
        return this;
    }

    Conversion warns(String expected) {
        assertEquals(expected, warnings);
        return this;
    }

    /// Asserts that a request is refused with this message.
    static ApiException refused(ModelRules rules, String json, String message) {
        var e = assertThrows(ApiException.class, () -> of(rules, json));
        assertEquals(message, e.getMessage());
        return e;
    }

    static ApiException refusedStrictly(ModelRules rules, String more) {
        String json = "{'model':'m','messages':[{'role':'user','content':'hi'}]" + more + "}";
        ObjectNode raw = Json.object("body", strict(json).getBytes(StandardCharsets.UTF_8));
        return assertThrows(
                ApiException.class,
                () -> ChatToMessages.convert(raw, options(rules), DISPLAY, new Warnings(true)));
    }
}
