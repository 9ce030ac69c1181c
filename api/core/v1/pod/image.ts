/** True where an image's name stands for its latest build: the tag is `latest`, or there is neither tag nor digest. */
export function isLatestImage(image: string): boolean {
  const at = image.indexOf("@");
  const name = at < 0 ? image : image.slice(0, at);
  const colon = name.lastIndexOf(":");
  const tag = colon > name.lastIndexOf("/") ? name.slice(colon + 1) : "";
  return tag === "" ? at < 0 && isImageName(name) : tag === "latest" && isImageName(name.slice(0, colon));
}

const component = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const domain = "(?:[a-zA-Z0-9][-a-zA-Z0-9.]*|\\[[0-9a-fA-F:.]+\\])(?::[0-9]+)?";
const namePattern = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*$`);

/** A name that parses (distribution/reference); for one that does not, upstream chooses IfNotPresent. */
function isImageName(name: string): boolean {
  return namePattern.test(name);
}

/** What `imagePullPolicy` is where nobody says (pkg/apis/core/v1/defaults.go). */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  return isLatestImage(image) ? "Always" : "IfNotPresent";
}
