package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import wiremock.org.yaml.snakeyaml.LoaderOptions;
import wiremock.org.yaml.snakeyaml.Yaml;
import wiremock.org.yaml.snakeyaml.constructor.SafeConstructor;

/// The manifest for Kubernetes is YAML, and its parts fit each other, the program and HAProxy's
/// configuration. No cluster has seen it here.
class KubernetesTest {
    private static final Path MANIFEST = Path.of("scripts/cluster/kubernetes.yaml");
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Map<String, JsonNode> OBJECTS = new HashMap<>();

    @BeforeAll
    static void read() throws IOException {
        var strict = new LoaderOptions();
        strict.setAllowDuplicateKeys(false);
        var yaml = new Yaml(new SafeConstructor(strict));
        for (Object document : yaml.loadAll(Files.readString(MANIFEST))) {
            JsonNode object = MAPPER.valueToTree(document);
            String name = object.at("/metadata/name").asString();
            OBJECTS.put(object.path("kind").asString() + " " + name, object);
        }
    }

    @Test
    void servicesSelectPodsAndPortsThatAreThere() {
        for (String name : List.of("StatefulSet ccproxy", "Deployment haproxy")) {
            JsonNode spec = object(name).path("spec");
            assertEquals(spec.at("/selector/matchLabels"), spec.at("/template/metadata/labels"));
        }
        assertEquals(labels("StatefulSet ccproxy"), selector("Service ccproxy-nodes"));
        assertEquals(labels("Deployment haproxy"), selector("Service ccproxy"));
        JsonNode service = object("Service ccproxy").at("/spec/ports/0");
        assertEquals(
                container("Deployment haproxy").at("/ports/0/name"), service.path("targetPort"));
        assertEquals("ccproxy-nodes", text(object("StatefulSet ccproxy"), "/spec/serviceName"));
    }

    @Test
    void variablesOfTheNodesAreKeysWithLegalValues() {
        var names = new HashSet<String>();
        for (JsonNode variable : container("StatefulSet ccproxy").path("env")) {
            String name = text(variable, "/name");
            names.add(name);
            if (!name.startsWith("CCPROXY_")) continue;
            Key<?> key = Keys.ALL.stream().filter(k -> k.variable().equals(name)).findFirst().get();
            key.type().read(text(variable, "/value"));
        }
        assertTrue(names.contains("STATE_DIRECTORY"));
    }

    @Test
    void nodesHaveTheTimeToStop() {
        JsonNode node = container("StatefulSet ccproxy");
        Duration stopping =
                duration(Keys.SHUTDOWN_DELAY, node).plus(duration(Keys.SHUTDOWN_GRACE, node));
        int seconds =
                object("StatefulSet ccproxy")
                        .at("/spec/template/spec/terminationGracePeriodSeconds")
                        .asInt();
        assertTrue(stopping.toSeconds() + 2 < seconds, stopping + " in " + seconds + " s");
        assertEquals("/health/ready", text(node, "/readinessProbe/httpGet/path"));
        assertEquals("/health/live", text(node, "/livenessProbe/httpGet/path"));
    }

    @Test
    void haproxyKnowsEachNodeByItsName() throws IOException {
        String configuration = Files.readString(Path.of("scripts/cluster/haproxy.cfg"));
        var known = Pattern.compile("\\$\\{(CLUSTER_\\w+)-").matcher(configuration);
        var variables = new HashSet<String>();
        while (known.find()) variables.add(known.group(1));
        var nodes = new ArrayList<String>();
        for (JsonNode variable : container("Deployment haproxy").path("env")) {
            String name = text(variable, "/name");
            assertTrue(variables.contains(name), name);
            if (name.startsWith("CLUSTER_NODE")) nodes.add(text(variable, "/value"));
        }
        String service = ".ccproxy-nodes.default.svc.cluster.local:8000";
        var expected = new ArrayList<String>();
        int replicas = object("StatefulSet ccproxy").at("/spec/replicas").asInt();
        for (int i = 0; i < replicas; i++) expected.add("ccproxy-" + i + service);
        assertEquals(expected, nodes);
    }

    private static Duration duration(Key<Duration> key, JsonNode container) {
        for (JsonNode variable : container.path("env")) {
            if (text(variable, "/name").equals(key.variable()))
                return key.type().read(text(variable, "/value"));
        }
        throw new AssertionError(key.variable() + " is not set");
    }

    private static JsonNode object(String name) {
        JsonNode object = OBJECTS.get(name);
        assertTrue(object != null, () -> name + " in " + OBJECTS.keySet());
        return object;
    }

    private static JsonNode labels(String name) {
        return object(name).at("/spec/template/metadata/labels");
    }

    private static JsonNode selector(String name) {
        return object(name).at("/spec/selector");
    }

    private static JsonNode container(String name) {
        return object(name).at("/spec/template/spec/containers/0");
    }

    private static String text(JsonNode node, String pointer) {
        return node.at(pointer).asString("");
    }
}
