package ccproxy.claude;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.wireMockConfig;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.wire.ApiException;
import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// The upstream as WireMock plays it, and a backend that asks it.
class PlayedUpstream {
    private static WireMockServer upstream;
    static ApiClaude api;

    @BeforeAll
    static void start() {
        upstream = new WireMockServer(wireMockConfig().dynamicPort().gzipDisabled(true));
        upstream.start();
        api = Answers.api(upstream.baseUrl());
    }

    @AfterAll
    static void stop() {
        api.close();
        upstream.stop();
    }

    static void answer(ResponseDefinitionBuilder answer) {
        upstream.resetAll();
        upstream.stubFor(any(anyUrl()).willReturn(answer));
    }

    static ResponseDefinitionBuilder stream(String body) {
        return aResponse()
                .withHeader("content-type", "text/event-stream; charset=utf-8")
                .withBody(body.getBytes(StandardCharsets.UTF_8));
    }

    static ResponseDefinitionBuilder json(int status, String body) {
        return aResponse()
                .withStatus(status)
                .withHeader("content-type", "application/json")
                .withBody(body);
    }

    static ApiException failure() {
        return assertThrows(ApiException.class, () -> Answers.all(api.ask(Answers.turn("hi"))));
    }

    static int requests() {
        return upstream.getAllServeEvents().size();
    }
}
