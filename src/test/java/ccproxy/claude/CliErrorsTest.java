package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/// What version 2.1.330 says of each failure of the upstream, and what a client is told.
class CliErrorsTest {
    private static ApiException failure(int status, String type, String error, String text) {
        ObjectNode result = Json.object().put("is_error", true).put("result", text);
        if (status > 0) result.put("api_error_status", status);
        else result.putNull("api_error_status");
        if (!type.isEmpty()) result.put("api_error_type", type);
        return CliErrors.of(result, error, text, Json.object());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    401 | authentication_error | authentication_failed | Invalid API key · Fix external API key | 401 | authentication_error | Invalid API key · Fix external API key
                    401 | authentication_error | authentication_failed | Failed to authenticate. API Error: 401 invalid bearer token | 401 | authentication_error | invalid bearer token
                    0   | ''                   | authentication_failed | Failed to authenticate. API Error: 401 invalid bearer token | 401 | authentication_error | invalid bearer token
                    402 | billing_error        | billing_error    | Credit balance is too low                | 402 | billing_error         | Credit balance is too low
                    0   | ''                   | billing_error    | Credit balance is too low                | 402 | billing_error         | Credit balance is too low
                    403 | permission_error     | authentication_failed | Failed to authenticate. API Error: 403 not allowed | 403 | permission_error | not allowed
                    400 | invalid_request_error | unknown         | API Error: 400 messages.0: too odd       | 400 | invalid_request_error | messages.0: too odd
                    0   | ''                   | unknown          | API Error: 400 messages.0: too odd       | 400 | invalid_request_error | messages.0: too odd
                    0   | ''                   | invalid_request  | Something is wrong                       | 400 | invalid_request_error | Something is wrong
                    400 | invalid_request_error | unknown         | API Error: 400 run /login, he said       | 400 | invalid_request_error | run /login, he said
                    400 | invalid_request_error | invalid_request | Prompt is too long · the request is big  | 400 | invalid_request_error | prompt is too long: Prompt is too long · the request is big
                    0   | ''                   | unknown          | Prompt is too long · the request is big  | 400 | invalid_request_error | prompt is too long: Prompt is too long · the request is big
                    404 | not_found_error      | model_not_found  | There's an issue with the selected model (X). | 404 | not_found_error  | There's an issue with the selected model (X).
                    0   | ''                   | model_not_found  | There's an issue with the selected model (X). | 404 | not_found_error  | There's an issue with the selected model (X).
                    429 | rate_limit_error     | rate_limit       | API Error: Request rejected (429) · slow down | 429 | rate_limit_error | slow down
                    0   | ''                   | rate_limit       | API Error: Request rejected (429) · slow down | 429 | rate_limit_error | slow down
                    0   | ''                   | rate_limit       | You've hit your limit                    | 429 | rate_limit_error      | You've hit your limit
                    500 | api_error            | server_error     | API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (host). | 500 | api_error | Internal server error.
                    502 | ''                   | server_error     | API Error: 502 Bad gateway. This is a server-side issue, usually temporary — try again. | 502 | api_error | Bad gateway.
                    529 | overloaded_error     | server_error     | API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again. | 529 | overloaded_error | Overloaded.
                    0   | ''                   | server_error     | API Error: Overloaded                    | 529 | overloaded_error      | API Error: Overloaded
                    0   | ''                   | server_error     | API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED) | 502 | api_error | API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)
                    0   | ''                   | server_error     | API Error: Connection dropped (ECONNRESET). Check the gateway | 502 | api_error | API Error: Connection dropped (ECONNRESET). Check the gateway
                    0   | ''                   | server_error     | API Error: Can't reach the API server (EAI_AGAIN) | 502 | api_error | API Error: Can't reach the API server (EAI_AGAIN)
                    0   | ''                   | unknown          | API Error: API returned an empty or malformed response (HTTP 200) | 502 | api_error | API Error: API returned an empty or malformed response (HTTP 200)
                    0   | ''                   | unknown          | Request timed out. No data arrived for more than 5 minutes | 504 | timeout_error | Request timed out. No data arrived for more than 5 minutes
                    """)
    void failureOfTheUpstreamIsTheOneTheApiWouldGive(
            int status,
            String type,
            String error,
            String text,
            int expected,
            String expectedType,
            String message) {
        ApiException failure = failure(status, type, error, text);
        assertEquals(expected, failure.messagesStatus());
        assertEquals(message, failure.getMessage());
        var body = Json.object("body", failure.messagesBody("req_1"));
        assertEquals("error", body.path("type").asString());
        assertEquals(expectedType, body.path("error").path("type").asString());
        assertEquals(message, body.path("error").path("message").asString());
        assertFalse(failure.headers().containsKey("retry-after"));
    }

    @Test
    void longPromptHasTheCodeThatClientsKnow() {
        ApiException failure =
                failure(400, "invalid_request_error", "invalid_request", "Prompt is too long · x");
        String body = new String(failure.chatBody(), StandardCharsets.UTF_8);
        assertTrue(body.contains("\"context_length_exceeded\""), body);
    }

    @Test
    void whoIsNotLoggedInIsToldWhatToDo() {
        for (String text :
                new String[] {
                    "Not logged in · Please run /login",
                    "OAuth token has expired · Please run /login",
                    "Failed to authenticate. API Error: 401 expired · Please run /login"
                }) {
            ApiException failure = failure(0, "", "authentication_failed", text);
            assertEquals(ErrorKind.AUTHENTICATION, failure.kind());
            assertTrue(failure.getMessage().contains("use /login"), failure.getMessage());
            assertTrue(failure.getMessage().contains(text), failure.getMessage());
            String body = new String(failure.chatBody(), StandardCharsets.UTF_8);
            assertTrue(body.contains("\"cli_not_logged_in\""), body);
        }
    }

    @Test
    void limitSaysWhenToComeBack() {
        long now = Clock.systemUTC().instant().getEpochSecond();
        ObjectNode result = Json.object().put("result", "API Error: Request rejected (429) · wait");
        ObjectNode limit = Json.object().put("resetsAt", now + 60);
        ApiException failure = CliErrors.of(result, "rate_limit", "", limit);
        long seconds = Long.parseLong(failure.headers().get("retry-after").getFirst());
        assertTrue(seconds >= 55 && seconds <= 60, seconds + " s");
        assertEquals(
                Long.toString(now + 60),
                failure.headers().get("anthropic-ratelimit-unified-reset").getFirst());

        ApiException past =
                CliErrors.of(result, "rate_limit", "", Json.object().put("resetsAt", now - 1));
        assertFalse(past.headers().containsKey("retry-after"));
        ApiException other =
                CliErrors.of(Json.object().put("result", "x"), "server_error", "", limit);
        assertFalse(other.headers().containsKey("retry-after"), "only a limit");
    }

    @Test
    void resultWithoutTextIsToldByWhatElseIsKnown() {
        assertEquals(
                "said before",
                CliErrors.of(Json.object(), "", "said before", Json.object()).getMessage());
        ObjectNode errors = Json.object();
        errors.putArray("errors").add("Reached maximum budget ($0)").add("more");
        assertEquals(
                "Reached maximum budget ($0)",
                CliErrors.of(errors, "", "", Json.object()).getMessage());
        ApiException mute = CliErrors.of(Json.object(), "", "", Json.object());
        assertEquals("no reason given", mute.getMessage());
        assertEquals(ErrorKind.UNREACHABLE, mute.kind());
    }
}
