package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The error table: what each failure is on both faces.
class ApiExceptionTest {
    private static byte[] body(String type, String message, String code) {
        var root = Json.object().put("type", "error");
        var error = root.putObject("error").put("type", type).put("message", message);
        if (code != null) error.putObject("details").put("error_code", code);
        return Json.bytes(root.put("request_id", "req_1"));
    }

    private static String chat(ApiException e) {
        return new String(e.chatBody(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            textBlock =
                    """
                    400, invalid_request_error, -,                        400, invalid_request_error, -
                    400, invalid_request_error, image_dimensions_too_large, 400, invalid_request_error, image_dimensions_too_large
                    401, authentication_error,  -,                        401, authentication_error,  invalid_api_key
                    402, billing_error,         -,                        402, insufficient_quota,    billing_error
                    403, permission_error,      -,                        403, permission_error,      -
                    404, not_found_error,       -,                        404, invalid_request_error, model_not_found
                    404, not_found_error,       file_expired,             404, invalid_request_error, file_expired
                    409, conflict_error,        -,                        409, invalid_request_error, conflict
                    413, request_too_large,     -,                        413, invalid_request_error, request_too_large
                    429, rate_limit_error,      -,                        429, rate_limit_error,      rate_limit_exceeded
                    429, rate_limit_error,      ramp_limit_exceeded,      429, rate_limit_error,      ramp_limit_exceeded
                    429, rate_limit_error,      enforced_spend_limit_reached, 429, insufficient_quota, insufficient_quota
                    429, rate_limit_error,      contract_spend_limit_reached, 429, insufficient_quota, insufficient_quota
                    500, api_error,             -,                        500, server_error,          -
                    503, api_error,             -,                        503, server_error,          -
                    504, timeout_error,         -,                        504, server_error,          timeout
                    529, overloaded_error,      -,                        503, server_error,          overloaded
                    418, of_a_later_day,        -,                        418, invalid_request_error, -
                    """)
    void anUpstreamErrorKeepsStatusTypeAndMessage(
            int status,
            String type,
            String code,
            int chatStatus,
            String chatType,
            String chatCode) {
        byte[] body = body(type, "why", code);
        ApiException e = ApiException.upstream(status, body);
        assertEquals(status, e.messagesStatus());
        assertArrayEquals(body, e.messagesBody("req_2"));
        assertEquals(chatStatus, e.chatStatus());
        String expected =
                "{\"error\":{\"message\":\"why\",\"type\":\"%s\",\"param\":null,\"code\":%s}}"
                        .formatted(chatType, chatCode == null ? "null" : '"' + chatCode + '"');
        assertEquals(expected, chat(e));
        boolean isFinal = "insufficient_quota".equals(chatCode);
        assertEquals(isFinal ? Map.of("x-should-retry", List.of("false")) : Map.of(), e.headers());
    }

    /// Case 75: the first event of a stream is an error.
    @Test
    void anErrorEventHasTheStatusOfItsType() {
        ApiException e =
                ApiException.event(
                        Json.tree(
                                new String(
                                        body("overloaded_error", "Overloaded", null),
                                        StandardCharsets.UTF_8)));
        assertEquals(529, e.messagesStatus());
        assertEquals(503, e.chatStatus());
        assertEquals(
                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}",
                new String(e.messagesBody("req_2"), StandardCharsets.UTF_8));
        assertEquals(500, ApiException.event(Json.object()).messagesStatus());
    }

    @Test
    void aPromptThatIsTooLongHasItsCode() {
        ApiException e =
                ApiException.upstream(
                        400,
                        body(
                                "invalid_request_error",
                                "prompt is too long: 2 tokens > 1 maximum",
                                null));
        assertEquals(
                "{\"error\":{\"message\":\"prompt is too long: 2 tokens > 1 maximum\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"context_length_exceeded\"}}",
                chat(e));
    }

    @Test
    void aBodyThatIsNoErrorIsNotShown() {
        for (String body :
                new String[] {"<html>secret</html>", "", "[]", "{\"error\":\"x\"}", "null"}) {
            ApiException e = ApiException.upstream(502, body.getBytes(StandardCharsets.UTF_8));
            assertEquals("the upstream answered with status 502", e.getMessage());
            assertEquals(502, e.messagesStatus());
            assertEquals(
                    "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"the upstream answered with status 502\"},\"request_id\":\"req_2\"}",
                    new String(e.messagesBody("req_2"), StandardCharsets.UTF_8));
        }
        assertEquals(500, ApiException.upstream(302, new byte[0]).messagesStatus());
        assertEquals(418, ApiException.upstream(418, new byte[0]).chatStatus());
    }

    @ParameterizedTest
    @EnumSource
    void ourOwnErrorsHaveBothBodies(ErrorKind kind) {
        var e = new ApiException(kind, "why").at("a[0].b").code("own");
        assertEquals(kind.status(), e.messagesStatus());
        assertEquals(
                "{\"error\":{\"message\":\"why\",\"type\":\""
                        + kind.chatType
                        + "\",\"param\":\"a[0].b\",\"code\":\"own\"}}",
                chat(e));
        assertEquals(kind == ErrorKind.OVERLOADED ? 503 : kind.status(), e.chatStatus());
    }

    @Test
    void headersHaveLowerCaseNames() {
        var e =
                new ApiException(ErrorKind.RATE_LIMIT, "wait")
                        .header("Retry-After", "3")
                        .headers(Map.of("Request-Id", List.of("r")));
        assertEquals(Map.of("retry-after", List.of("3"), "request-id", List.of("r")), e.headers());
        assertEquals(List.of("false"), e.notRetried().headers().get("x-should-retry"));
    }

    @Test
    void errorToldBySomebodyInBetweenKeepsItsTypeAndHasOurId() {
        String body = "{\"type\":\"error\",\"error\":{\"type\":\"new_error\",\"message\":\"no\"}}";
        ApiException e =
                ApiException.told(418, Json.object("told", body.getBytes(StandardCharsets.UTF_8)));
        assertEquals(418, e.messagesStatus());
        assertEquals(
                body.replace("}}", "},\"request_id\":\"req_1\"}"),
                new String(e.messagesBody("req_1"), StandardCharsets.UTF_8));
    }

    @Test
    void recordedErrorIsTheSameAgain() {
        for (ApiException e :
                List.of(
                        new ApiException(ErrorKind.INVALID_REQUEST, "bad").at("a[0].b").code("c"),
                        new ApiException(ErrorKind.TIMEOUT, "late").notRetried(),
                        ApiException.upstream(418, body("overloaded_error", "o", "x"))
                                .headers(Map.of("Retry-After", List.of("1", "2"))),
                        ApiException.upstream(502, new byte[0]),
                        ApiException.told(
                                429,
                                Json.object(
                                        "e", body("rate_limit_error", "r", "spend_limit_reached"))),
                        ApiException.event(Json.object("e", body("api_error", "e", null))))) {
            ApiException again = ApiException.recorded(Json.tree(Json.text(e.record())));
            assertEquals(e.kind(), again.kind());
            assertEquals(e.getMessage(), again.getMessage());
            assertEquals(e.headers(), again.headers());
            assertEquals(e.messagesStatus(), again.messagesStatus());
            assertEquals(e.chatStatus(), again.chatStatus());
            assertEquals(chat(e), chat(again));
            assertArrayEquals(e.messagesBody("r"), again.messagesBody("r"));
        }
    }

    @Test
    void recordOfNoErrorIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> ApiException.recorded(Json.tree("{\"kind\":5}")));
    }
}
