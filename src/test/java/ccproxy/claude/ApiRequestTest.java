package ccproxy.claude;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.wireMockConfig;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes to the upstream.
class ApiRequestTest {
    private static final WireMockServer UPSTREAM =
            new WireMockServer(wireMockConfig().dynamicPort());
    private static final Map<String, String> BOTH =
            Map.of("x-api-key", "client-key", "authorization", "Bearer client-token");

    @BeforeAll
    static void start() {
        UPSTREAM.start();
    }

    @AfterAll
    static void stop() {
        UPSTREAM.stop();
    }

    @BeforeEach
    void reset() {
        UPSTREAM.resetAll();
        UPSTREAM.stubFor(
                any(anyUrl())
                        .willReturn(
                                aResponse()
                                        .withHeader("content-type", "application/json")
                                        .withBody("{\"type\":\"message\"}")));
    }

    private static ClaudeSettings settings(String key, String token, boolean pass) {
        return Answers.settings(
                UPSTREAM.baseUrl(), key, token, pass, Duration.ofSeconds(5), Duration.ofSeconds(5));
    }

    private static LoggedRequest sent(ClaudeSettings settings, Turn turn)
            throws InterruptedException {
        try (var api = Answers.api(settings)) {
            Answers.all(api.ask(turn));
        }
        return UPSTREAM.findAll(anyRequestedFor(anyUrl())).getFirst();
    }

    private static LoggedRequest sent(ClientHeaders headers) throws InterruptedException {
        return sent(settings("", "", true), turn(headers));
    }

    private static Turn turn(ClientHeaders headers) {
        return new Turn(
                Answers.request(
                        "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"),
                "",
                headers,
                false);
    }

    @Test
    void unchangedRequestGoesOutByteForByte() throws Exception {
        byte[] odd =
                "{ \"max_tokens\":1.0e0 ,\"model\":\"m\",\n \"new\":{\"b\":1,\"a\":[ ]},\"x\":0.10, \"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9 \uD83D\uDE42\"}]}"
                        .replace("1.0e0", "1")
                        .getBytes(StandardCharsets.UTF_8);
        LoggedRequest sent =
                sent(settings("", "", true), Answers.turn(MessagesRequest.answer(odd)));
        assertArrayEquals(odd, sent.getBody());
        assertEquals("application/json", sent.getHeader("content-type"));
        assertEquals("/v1/messages", sent.getUrl());
    }

    @Test
    void queryGoesOutAsItCame() throws Exception {
        String query = "beta=true&x=%2F%20+y";
        assertEquals(
                "/v1/messages?" + query,
                sent(new ClientHeaders(query, Map.of(), Map.of())).getUrl());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2023-06-01", "2026-10-21", "2031-01-01", "not-a-date"})
    void versionGoesOutAsItCame(String version) throws Exception {
        assertEquals(
                version,
                sent(Answers.headers("anthropic-version", version)).getHeader("anthropic-version"));
    }

    @Test
    void missingVersionIsTheOldestOne() throws Exception {
        assertEquals("2023-06-01", sent(ClientHeaders.NONE).getHeader("anthropic-version"));
    }

    @Test
    void betasAndWorkspaceGoOutAsTheyCame() throws Exception {
        LoggedRequest sent =
                sent(
                        Answers.headers(
                                "anthropic-beta", "b,a", "anthropic-workspace-id", "wrkspc_1"));
        assertEquals("b,a", sent.getHeader("anthropic-beta"));
        assertEquals("wrkspc_1", sent.getHeader("anthropic-workspace-id"));
    }

    @Test
    void serverKeyReplacesBothOfTheClients() throws Exception {
        LoggedRequest sent =
                sent(settings("server-key", "", true), turn(new ClientHeaders("", Map.of(), BOTH)));
        assertEquals("server-key", sent.getHeader("x-api-key"));
        assertFalse(sent.containsHeader("authorization"));
    }

    @Test
    void serverTokenReplacesBothOfTheClients() throws Exception {
        LoggedRequest sent =
                sent(settings("", "token", true), turn(new ClientHeaders("", Map.of(), BOTH)));
        assertEquals("Bearer token", sent.getHeader("authorization"));
        assertFalse(sent.containsHeader("x-api-key"));
        assertFalse(sent.containsHeader("anthropic-beta"));
    }

    @Test
    void serverOauthTokenBringsItsBeta() throws Exception {
        LoggedRequest sent =
                sent(
                        settings("", "sk-ant-oat01-x", true),
                        turn(Answers.headers("anthropic-beta", "z, b")));
        assertEquals("Bearer sk-ant-oat01-x", sent.getHeader("authorization"));
        assertEquals("b,oauth-2025-04-20,z", sent.getHeader("anthropic-beta"));
    }

    @Test
    void clientCredentialsPassWhenTheServerHasNone() throws Exception {
        LoggedRequest sent = sent(new ClientHeaders("", Map.of(), BOTH));
        assertEquals("client-key", sent.getHeader("x-api-key"));
        assertEquals("Bearer client-token", sent.getHeader("authorization"));
    }

    @Test
    void clientCredentialsStayWhereTheyAreTheServersOwn() throws Exception {
        LoggedRequest sent =
                sent(settings("", "", false), turn(new ClientHeaders("", Map.of(), BOTH)));
        assertFalse(sent.containsHeader("x-api-key"));
        assertFalse(sent.containsHeader("authorization"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u0000b", "a\nb", "a\u007fb"})
    void headerThatCannotBeSentIsTheClientsMistake(String value) {
        var e =
                assertThrows(
                        ApiException.class, () -> sent(Answers.headers("anthropic-beta", value)));
        assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
        assertTrue(e.getMessage().startsWith("anthropic-beta: expected"), e.getMessage());
        assertFalse(e.getMessage().contains(value));
    }

    @Test
    void wholeAnswerThatMayTakeLongIsAskedForAsAStream() throws Exception {
        // 5 s at 35 tokens a second.
        for (int tokens : List.of(175, 176)) {
            UPSTREAM.resetRequests();
            String body =
                    "{\"model\":\"m\",\"max_tokens\":"
                            + tokens
                            + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
            LoggedRequest sent = sent(settings("", "", true), Answers.turn(Answers.request(body)));
            assertEquals(
                    tokens == 176,
                    Json.tree(sent.getBodyAsString()).path("stream").asBoolean(false));
            if (tokens == 175) assertEquals(body, sent.getBodyAsString());
        }
    }

    @Test
    void streamIsNotAskedForTwice() throws Exception {
        String body =
                "{\"model\":\"m\", \"max_tokens\":9999,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        assertEquals(
                body,
                sent(settings("", "", true), Answers.turn(Answers.request(body)))
                        .getBodyAsString());
    }

    @Test
    void countTokensHasItsOwnPath() throws Exception {
        try (var api = Answers.api(UPSTREAM.baseUrl())) {
            Answers.all(api.countTokens(turn(ClientHeaders.NONE)));
        }
        assertEquals(
                "/v1/messages/count_tokens",
                UPSTREAM.getAllServeEvents().getFirst().getRequest().getUrl());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "claude-x", "a/b c?d=é"})
    void modelIsOneSegmentOfThePath(String id) throws Exception {
        try (var api = Answers.api(UPSTREAM.baseUrl())) {
            Answers.all(api.models(id, ClientHeaders.NONE));
        }
        String path =
                switch (id) {
                    case "" -> "/v1/models";
                    case "claude-x" -> "/v1/models/claude-x";
                    default -> "/v1/models/a%2Fb%20c%3Fd%3D%C3%A9";
                };
        var request = UPSTREAM.getAllServeEvents().getFirst().getRequest();
        assertEquals(path, request.getUrl());
        assertEquals("GET", request.getMethod().value());
    }
}
