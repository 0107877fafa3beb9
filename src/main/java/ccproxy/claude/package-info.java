/// Who answers: the interface, its backends, sessions and what is known of the models. Only here:
/// the HTTP client.
package ccproxy.claude;
